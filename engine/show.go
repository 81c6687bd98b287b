package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/planner"
	"github.com/meshql/meshql/planner/mysqlerr"
	"github.com/meshql/meshql/planner/mysqltype"
)

// A listing is what a SHOW statement gives before its LIKE and WHERE.
type listing struct {
	columns []connectors.Column
	rows    [][]any
}

// show answers SHOW and DESCRIBE from the principal's view of the mesh. The
// listing becomes a source that the ordinary planner filters, so WHERE means
// what it means in a SELECT.
func (s *Session) show(ctx context.Context, st *planner.Show) (*Result, error) {
	mesh := s.engine.catalog.Mesh()
	l, err := s.listing(newView(s, mesh), st)
	if err != nil {
		return nil, err
	}
	src, err := connectors.NewMemory(l.columns, l.rows)
	if err != nil {
		return nil, mysqlerr.Internal(err)
	}
	sel := planner.ShowSelect(st, l.columns[0].Name)
	return s.run(ctx, sel, runOptions{mesh: mesh, listing: src, keepWarnings: st.Kind == planner.ShowWarnings || st.Kind == planner.ShowErrors})
}

func (s *Session) listing(v *view, st *planner.Show) (listing, error) {
	switch st.Kind {
	case planner.ShowDatabases:
		l := listing{columns: []connectors.Column{text("Database", 64)}}
		names := v.domainNames()
		slices.Sort(names)
		for _, n := range names {
			l.rows = append(l.rows, []any{n})
		}
		return l, nil
	case planner.ShowTables, planner.ShowTableStatus, planner.ShowOpenTables:
		domain, err := s.domainOf(v, st.Domain)
		if err != nil {
			return listing{}, err
		}
		if st.Kind == planner.ShowTables {
			return v.listTables(domain, st.Full), nil
		}
		return v.listTableStatus(domain, st.Kind == planner.ShowTableStatus), nil
	case planner.ShowColumns, planner.ShowIndex, planner.ShowCreateTable:
		domain, err := s.domainOf(v, st.Domain)
		if err != nil {
			return listing{}, err
		}
		return v.describe(domain, st)
	case planner.ShowCreateDatabase:
		domain, err := s.domainOf(v, st.Domain)
		if err != nil {
			return listing{}, err
		}
		return listing{
			columns: []connectors.Column{text("Database", 64), text("Create Database", 1024)},
			rows:    [][]any{{domain, fmt.Sprintf("CREATE DATABASE `%s` /*!40100 DEFAULT CHARACTER SET %s */", domain, charsetName)}},
		}, nil
	case planner.ShowWarnings, planner.ShowErrors:
		return s.listWarnings(st), nil
	case planner.ShowVariables:
		return listing{columns: []connectors.Column{text("Variable_name", 64), text("Value", 2048)}, rows: s.variableRows()}, nil
	case planner.ShowStatus:
		return listing{columns: []connectors.Column{text("Variable_name", 64), text("Value", 2048)}, rows: [][]any{
			{"Ssl_cipher", s.identity.TLSCipher}, {"Uptime", "0"}, {"Threads_connected", "1"},
		}}, nil
	case planner.ShowCharset:
		l := listing{columns: []connectors.Column{text("Charset", 64), text("Description", 2048), text("Default collation", 64), bigint("Maxlen")}}
		for _, r := range charsetRows(v) {
			l.rows = append(l.rows, []any{r[0], r[2], r[1], r[3]})
		}
		return l, nil
	case planner.ShowCollation:
		return listing{columns: []connectors.Column{text("Collation", 64), text("Charset", 64), bigint("Id"), text("Default", 3),
			text("Compiled", 3), bigint("Sortlen"), text("Pad_attribute", 9)}, rows: collationRows(v)}, nil
	case planner.ShowEngines:
		return listing{columns: []connectors.Column{text("Engine", 64), text("Support", 8), text("Comment", 80), text("Transactions", 3),
			text("XA", 3), text("Savepoints", 3)}, rows: engineRows(v)}, nil
	case planner.ShowGrants:
		l := listing{columns: []connectors.Column{text("Grants for "+s.principal.User, 1024)}}
		l.rows = append(l.rows, []any{fmt.Sprintf("GRANT USAGE ON *.* TO `%s`@`%%`", s.principal.User)})
		for _, p := range v.products {
			l.rows = append(l.rows, []any{fmt.Sprintf("GRANT SELECT ON `%s`.`%s` TO `%s`@`%%`", p.Domain, p.Name, s.principal.User)})
		}
		return l, nil
	case planner.ShowProcessList:
		return listing{columns: []connectors.Column{bigint("Id"), text("User", 32), text("Host", 261), text("db", 64), text("Command", 16),
			bigint("Time"), text("State", 64), longText("Info")}, rows: processRows(v)}, nil
	case planner.ShowPlugins:
		return listing{columns: []connectors.Column{text("Name", 64), text("Status", 10), text("Type", 80), text("Library", 64), text("License", 80)}}, nil
	case planner.ShowPrivileges:
		return listing{columns: []connectors.Column{text("Privilege", 64), text("Context", 128), text("Comment", 256)},
			rows: [][]any{{"Select", "Tables", "To retrieve rows from a product"}}}, nil
	case planner.ShowTriggers:
		return listing{columns: []connectors.Column{text("Trigger", 64), text("Event", 6), text("Table", 64), longText("Statement")}}, nil
	case planner.ShowEvents:
		return listing{columns: []connectors.Column{text("Db", 64), text("Name", 64), text("Definer", 288), text("Status", 18)}}, nil
	case planner.ShowProcedures, planner.ShowFunctions:
		return listing{columns: []connectors.Column{text("Db", 64), text("Name", 64), text("Type", 10), text("Definer", 288),
			datetime("Modified"), datetime("Created"), text("Security_type", 7), longText("Comment")}}, nil
	}
	return listing{}, mysqlerr.Unsupported("this SHOW statement")
}

// domainOf returns the domain that a statement means, if the principal sees it.
func (s *Session) domainOf(v *view, written string) (string, error) {
	if written == "" {
		written = s.domain
	}
	if written == "" {
		return "", mysqlerr.NoDomainSelected()
	}
	name := strings.ToLower(written)
	if !v.hasDomain(name) {
		return "", mysqlerr.UnknownDomain(written)
	}
	return name, nil
}

func (v *view) listTables(domain string, full bool) listing {
	l := listing{columns: []connectors.Column{text("Tables_in_"+domain, 64)}}
	if full {
		l.columns = append(l.columns, text("Table_type", 64))
	}
	add := func(name, kind string) {
		row := []any{name}
		if full {
			row = append(row, kind)
		}
		l.rows = append(l.rows, row)
	}
	for _, r := range tablesRows(v) {
		if r[1] == domain {
			add(r[2].(string), r[3].(string))
		}
	}
	return l
}

func (v *view) listTableStatus(domain string, status bool) listing {
	if !status {
		return listing{columns: []connectors.Column{text("Database", 64), text("Table", 64), bigint("In_use"), bigint("Name_locked")}}
	}
	l := listing{columns: []connectors.Column{text("Name", 64), text("Engine", 64), bigint("Version"), text("Row_format", 10), bigint("Rows"),
		bigint("Avg_row_length"), bigint("Data_length"), bigint("Max_data_length"), bigint("Index_length"), bigint("Data_free"),
		bigint("Auto_increment"), datetime("Create_time"), datetime("Update_time"), datetime("Check_time"), text("Collation", 64),
		bigint("Checksum"), text("Create_options", 256), longText("Comment")}}
	for _, r := range tablesRows(v) {
		if r[1] == domain {
			l.rows = append(l.rows, append([]any{r[2]}, r[4:]...))
		}
	}
	return l
}

// describe lists columns, keys or the CREATE TABLE text of one product.
func (v *view) describe(domain string, st *planner.Show) (listing, error) {
	columns := [][]any{}
	for _, r := range columnsRows(v) {
		if r[1] == domain && strings.EqualFold(r[2].(string), st.Product) {
			columns = append(columns, r)
		}
	}
	if len(columns) == 0 {
		return listing{}, mysqlerr.UnknownProduct(domain, st.Product)
	}
	product := columns[0][2].(string)
	if st.Kind == planner.ShowIndex {
		l := listing{columns: []connectors.Column{text("Table", 64), bigint("Non_unique"), text("Key_name", 64), bigint("Seq_in_index"),
			text("Column_name", 64), text("Collation", 1), bigint("Cardinality"), bigint("Sub_part"), text("Packed", 10), text("Null", 3),
			text("Index_type", 11), text("Comment", 8), text("Index_comment", 2048), text("Visible", 3), longText("Expression")}}
		for _, r := range statisticsRows(v) {
			if r[1] == domain && r[2] == product {
				l.rows = append(l.rows, append([]any{r[2], r[3], r[5]}, r[6:]...))
			}
		}
		return l, nil
	}
	if st.Kind == planner.ShowCreateTable {
		return listing{columns: []connectors.Column{text("Table", 64), longText("Create Table")},
			rows: [][]any{{product, v.createTable(domain, product, columns)}}}, nil
	}
	l := listing{columns: []connectors.Column{text("Field", 64), longText("Type"), text("Null", 3), text("Key", 3), longText("Default"), text("Extra", 256)}}
	if st.Full {
		l.columns = append([]connectors.Column{text("Field", 64), longText("Type"), text("Collation", 64), text("Null", 3), text("Key", 3),
			longText("Default"), text("Extra", 256)}, text("Privileges", 154), longText("Comment"))
	} else {
		l.columns = append(l.columns, longText("Comment"))
	}
	for _, r := range columns {
		if st.Column != "" && !strings.EqualFold(r[3].(string), st.Column) {
			continue
		}
		if st.Full {
			l.rows = append(l.rows, []any{r[3], r[15], r[14], r[6], r[16], r[5], r[17], r[18], r[19]})
		} else {
			l.rows = append(l.rows, []any{r[3], r[15], r[6], r[16], r[5], r[17], r[19]})
		}
	}
	return l, nil
}

func (v *view) createTable(domain, product string, columns [][]any) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE `%s` (\n", product)
	for i, r := range columns {
		if i > 0 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, "  `%s` %s", strings.ReplaceAll(r[3].(string), "`", "``"), r[15])
		if r[6] == "NO" {
			b.WriteString(" NOT NULL")
		}
		if c, _ := r[19].(string); c != "" {
			fmt.Fprintf(&b, " COMMENT %s", quote(c))
		}
	}
	if p, ok := v.product(domain, product); ok {
		if keys := p.keyColumns(); len(keys) > 0 {
			names := make([]string, len(keys))
			for i, k := range keys {
				names[i] = "`" + p.Columns[k].Name + "`"
			}
			fmt.Fprintf(&b, ",\n  PRIMARY KEY (%s)", strings.Join(names, ","))
		}
		b.WriteString("\n)")
		if p.Description != "" {
			fmt.Fprintf(&b, " COMMENT=%s", quote(p.Description))
		}
		return b.String()
	}
	return b.String() + "\n)"
}

func quote(s string) string {
	return "'" + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), "'", "''") + "'"
}

func (s *Session) listWarnings(st *planner.Show) listing {
	var rows [][]any
	for _, w := range s.warnings {
		if st.Kind == planner.ShowWarnings || w.Level == "Error" {
			rows = append(rows, []any{w.Level, int64(w.Code), w.Message})
		}
	}
	if st.Count {
		name := "@@session.warning_count"
		if st.Kind == planner.ShowErrors {
			name = "@@session.error_count"
		}
		return listing{columns: []connectors.Column{bigint(name)}, rows: [][]any{{int64(len(rows))}}}
	}
	return listing{columns: []connectors.Column{text("Level", 7), {Name: "Code", Type: mysqltype.Type{ID: mysqltype.BigInt}}, text("Message", 512)}, rows: rows}
}
