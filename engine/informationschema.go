package engine

import (
	"strings"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/planner/mysqltype"
)

// informationSchemaTables are the parts of MySQL's information_schema that
// clients and BI tools read. Sizes, counts and cardinalities are NULL for
// everyone: they come from rows that the reader may not see.
func informationSchemaTables() []*systemTable {
	is := func(name string, rows func(*view) [][]any, columns ...connectors.Column) *systemTable {
		return &systemTable{domain: informationSchema, name: name, columns: columns, rows: rows}
	}
	none := func(*view) [][]any { return nil }
	return []*systemTable{
		is("SCHEMATA", schemataRows,
			text("CATALOG_NAME", 64), text("SCHEMA_NAME", 64), text("DEFAULT_CHARACTER_SET_NAME", 64),
			text("DEFAULT_COLLATION_NAME", 64), text("SQL_PATH", 64), text("DEFAULT_ENCRYPTION", 3)),
		is("TABLES", tablesRows,
			text("TABLE_CATALOG", 64), text("TABLE_SCHEMA", 64), text("TABLE_NAME", 64), text("TABLE_TYPE", 64),
			text("ENGINE", 64), bigint("VERSION"), text("ROW_FORMAT", 10), bigint("TABLE_ROWS"), bigint("AVG_ROW_LENGTH"),
			bigint("DATA_LENGTH"), bigint("MAX_DATA_LENGTH"), bigint("INDEX_LENGTH"), bigint("DATA_FREE"),
			bigint("AUTO_INCREMENT"), datetime("CREATE_TIME"), datetime("UPDATE_TIME"), datetime("CHECK_TIME"),
			text("TABLE_COLLATION", 64), bigint("CHECKSUM"), text("CREATE_OPTIONS", 256), longText("TABLE_COMMENT")),
		is("COLUMNS", columnsRows,
			text("TABLE_CATALOG", 64), text("TABLE_SCHEMA", 64), text("TABLE_NAME", 64), text("COLUMN_NAME", 64),
			bigint("ORDINAL_POSITION"), longText("COLUMN_DEFAULT"), text("IS_NULLABLE", 3), longText("DATA_TYPE"),
			bigint("CHARACTER_MAXIMUM_LENGTH"), bigint("CHARACTER_OCTET_LENGTH"), bigint("NUMERIC_PRECISION"),
			bigint("NUMERIC_SCALE"), bigint("DATETIME_PRECISION"), text("CHARACTER_SET_NAME", 64), text("COLLATION_NAME", 64),
			longText("COLUMN_TYPE"), text("COLUMN_KEY", 3), text("EXTRA", 256), text("PRIVILEGES", 154),
			longText("COLUMN_COMMENT"), longText("GENERATION_EXPRESSION"), bigint("SRS_ID")),
		is("TABLE_CONSTRAINTS", constraintRows,
			text("CONSTRAINT_CATALOG", 64), text("CONSTRAINT_SCHEMA", 64), text("CONSTRAINT_NAME", 64),
			text("TABLE_SCHEMA", 64), text("TABLE_NAME", 64), text("CONSTRAINT_TYPE", 11), text("ENFORCED", 3)),
		is("KEY_COLUMN_USAGE", keyColumnRows,
			text("CONSTRAINT_CATALOG", 64), text("CONSTRAINT_SCHEMA", 64), text("CONSTRAINT_NAME", 64),
			text("TABLE_CATALOG", 64), text("TABLE_SCHEMA", 64), text("TABLE_NAME", 64), text("COLUMN_NAME", 64),
			bigint("ORDINAL_POSITION"), bigint("POSITION_IN_UNIQUE_CONSTRAINT"), text("REFERENCED_TABLE_SCHEMA", 64),
			text("REFERENCED_TABLE_NAME", 64), text("REFERENCED_COLUMN_NAME", 64)),
		is("REFERENTIAL_CONSTRAINTS", referentialRows,
			text("CONSTRAINT_CATALOG", 64), text("CONSTRAINT_SCHEMA", 64), text("CONSTRAINT_NAME", 64),
			text("UNIQUE_CONSTRAINT_CATALOG", 64), text("UNIQUE_CONSTRAINT_SCHEMA", 64), text("UNIQUE_CONSTRAINT_NAME", 64),
			text("MATCH_OPTION", 64), text("UPDATE_RULE", 11), text("DELETE_RULE", 11), text("TABLE_NAME", 64),
			text("REFERENCED_TABLE_NAME", 64)),
		is("STATISTICS", statisticsRows,
			text("TABLE_CATALOG", 64), text("TABLE_SCHEMA", 64), text("TABLE_NAME", 64), bigint("NON_UNIQUE"),
			text("INDEX_SCHEMA", 64), text("INDEX_NAME", 64), bigint("SEQ_IN_INDEX"), text("COLUMN_NAME", 64),
			text("COLLATION", 1), bigint("CARDINALITY"), bigint("SUB_PART"), text("PACKED", 10), text("NULLABLE", 3),
			text("INDEX_TYPE", 11), text("COMMENT", 8), text("INDEX_COMMENT", 2048), text("IS_VISIBLE", 3), longText("EXPRESSION")),
		is("VIEWS", none,
			text("TABLE_CATALOG", 64), text("TABLE_SCHEMA", 64), text("TABLE_NAME", 64), longText("VIEW_DEFINITION"),
			text("CHECK_OPTION", 8), text("IS_UPDATABLE", 3), text("DEFINER", 288), text("SECURITY_TYPE", 7),
			text("CHARACTER_SET_CLIENT", 64), text("COLLATION_CONNECTION", 64)),
		is("ROUTINES", none,
			text("SPECIFIC_NAME", 64), text("ROUTINE_CATALOG", 64), text("ROUTINE_SCHEMA", 64), text("ROUTINE_NAME", 64),
			text("ROUTINE_TYPE", 10), longText("DATA_TYPE"), longText("ROUTINE_DEFINITION"), text("SECURITY_TYPE", 7),
			datetime("CREATED"), datetime("LAST_ALTERED"), longText("ROUTINE_COMMENT"), text("DEFINER", 288)),
		is("PARAMETERS", none,
			text("SPECIFIC_CATALOG", 64), text("SPECIFIC_SCHEMA", 64), text("SPECIFIC_NAME", 64), bigint("ORDINAL_POSITION"),
			text("PARAMETER_MODE", 5), text("PARAMETER_NAME", 64), longText("DATA_TYPE"), text("ROUTINE_TYPE", 10)),
		is("TRIGGERS", none,
			text("TRIGGER_CATALOG", 64), text("TRIGGER_SCHEMA", 64), text("TRIGGER_NAME", 64), text("EVENT_MANIPULATION", 6),
			text("EVENT_OBJECT_SCHEMA", 64), text("EVENT_OBJECT_TABLE", 64), longText("ACTION_STATEMENT")),
		is("EVENTS", none, text("EVENT_CATALOG", 64), text("EVENT_SCHEMA", 64), text("EVENT_NAME", 64)),
		is("PARTITIONS", none,
			text("TABLE_CATALOG", 64), text("TABLE_SCHEMA", 64), text("TABLE_NAME", 64), text("PARTITION_NAME", 64), bigint("TABLE_ROWS")),
		is("CHECK_CONSTRAINTS", none,
			text("CONSTRAINT_CATALOG", 64), text("CONSTRAINT_SCHEMA", 64), text("CONSTRAINT_NAME", 64), longText("CHECK_CLAUSE")),
		is("COLUMN_PRIVILEGES", none,
			text("GRANTEE", 292), text("TABLE_CATALOG", 64), text("TABLE_SCHEMA", 64), text("TABLE_NAME", 64),
			text("COLUMN_NAME", 64), text("PRIVILEGE_TYPE", 64), text("IS_GRANTABLE", 3)),
		is("TABLE_PRIVILEGES", none,
			text("GRANTEE", 292), text("TABLE_CATALOG", 64), text("TABLE_SCHEMA", 64), text("TABLE_NAME", 64),
			text("PRIVILEGE_TYPE", 64), text("IS_GRANTABLE", 3)),
		is("CHARACTER_SETS", charsetRows,
			text("CHARACTER_SET_NAME", 64), text("DEFAULT_COLLATE_NAME", 64), text("DESCRIPTION", 2048), bigint("MAXLEN")),
		is("COLLATIONS", collationRows,
			text("COLLATION_NAME", 64), text("CHARACTER_SET_NAME", 64), bigint("ID"), text("IS_DEFAULT", 3),
			text("IS_COMPILED", 3), bigint("SORTLEN"), text("PAD_ATTRIBUTE", 9)),
		is("ENGINES", engineRows,
			text("ENGINE", 64), text("SUPPORT", 8), text("COMMENT", 80), text("TRANSACTIONS", 3), text("XA", 3), text("SAVEPOINTS", 3)),
		is("PROCESSLIST", processRows,
			bigint("ID"), text("USER", 32), text("HOST", 261), text("DB", 64), text("COMMAND", 16), bigint("TIME"),
			text("STATE", 64), longText("INFO")),
		is("KEYWORDS", none, text("WORD", 128), bigint("RESERVED")),
		is("PLUGINS", none, text("PLUGIN_NAME", 64), text("PLUGIN_STATUS", 10), text("PLUGIN_TYPE", 80), text("PLUGIN_LIBRARY", 64), text("PLUGIN_LICENSE", 80)),
		is("USER_PRIVILEGES", none, text("GRANTEE", 292), text("TABLE_CATALOG", 512), text("PRIVILEGE_TYPE", 64), text("IS_GRANTABLE", 3)),
		is("SCHEMA_PRIVILEGES", none, text("GRANTEE", 292), text("TABLE_CATALOG", 512), text("TABLE_SCHEMA", 64), text("PRIVILEGE_TYPE", 64), text("IS_GRANTABLE", 3)),
	}
}

const (
	catalogName    = "def"
	charsetName    = "utf8mb4"
	collationName  = "utf8mb4_0900_bin"
	storageEngine  = "meshql"
	primaryKeyName = "PRIMARY"
)

// domainNames lists the domains that the principal sees, with the system's.
func (v *view) domainNames() []string {
	names := []string{informationSchema, meshSchema}
	for _, d := range v.domains {
		names = append(names, d.Name)
	}
	return names
}

func schemataRows(v *view) (rows [][]any) {
	for _, name := range v.domainNames() {
		rows = append(rows, []any{catalogName, name, charsetName, collationName, nil, "NO"})
	}
	return rows
}

func tablesRows(v *view) (rows [][]any) {
	row := func(domain, name, kind string, engine, comment any) {
		rows = append(rows, []any{catalogName, domain, name, kind, engine, nil, nil, nil, nil, nil, nil, nil, nil, nil,
			nil, nil, nil, collationName, nil, "", comment})
	}
	for _, key := range sortedKeys(v.session.engine.system) {
		t := v.session.engine.system[key]
		row(t.domain, t.name, "SYSTEM VIEW", nil, "")
	}
	for _, p := range v.products {
		row(p.Domain, p.Name, "BASE TABLE", storageEngine, p.Description)
	}
	return rows
}

func columnsRows(v *view) (rows [][]any) {
	for _, key := range sortedKeys(v.session.engine.system) {
		t := v.session.engine.system[key]
		for i, c := range t.columns {
			rows = append(rows, columnRow(t.domain, t.name, i+1, c.Name, c.Type, "", ""))
		}
	}
	for _, p := range v.products {
		for pos, i := range p.visibleColumns() {
			c := p.Columns[i]
			t, key := p.visibleType(i), ""
			if p.keyVisible() && c.PrimaryKey > 0 {
				key = "PRI"
			} else if c.Unique && p.decision.Columns[i].Mask == nil {
				key = "UNI"
			}
			rows = append(rows, columnRow(p.Domain, p.Name, pos+1, c.Name, t, key, c.Description))
		}
	}
	return rows
}

// visibleType is the type that the principal sees: a mask may change it, and
// makes the column nullable.
func (p *visibleProduct) visibleType(i int) mysqltype.Type {
	if m := p.decision.Columns[i].Mask; m != nil {
		t := m.Type()
		t.NotNull = false
		return t
	}
	return p.Columns[i].Type
}

// keyVisible reports whether every column of the primary key is there as it is.
func (p *visibleProduct) keyVisible() bool {
	found := false
	for i, c := range p.Columns {
		if c.PrimaryKey > 0 {
			found = true
			if d := p.decision.Columns[i]; !d.Visible || d.Mask != nil {
				return false
			}
		}
	}
	return found
}

func columnRow(domain, table string, position int, name string, t mysqltype.Type, key, comment string) []any {
	nullable := "YES"
	if t.NotNull {
		nullable = "NO"
	}
	var chars, octets, precision, scale, fsp, charset, collation any
	switch {
	case t.ID == mysqltype.Decimal:
		precision, scale = int64(t.Precision), int64(t.Scale)
	case t.ID == mysqltype.Float:
		precision = int64(12)
	case t.ID == mysqltype.Double:
		precision = int64(22)
	case t.IsInteger():
		precision, scale = integerDigits(t), int64(0)
	case t.ID == mysqltype.Time || t.ID == mysqltype.DateTime || t.ID == mysqltype.Timestamp:
		fsp = int64(t.Scale)
	case t.IsString() && t.ID != mysqltype.JSON:
		n := int64(t.Length)
		if n == 0 {
			n = 4294967295
		}
		chars, octets = n, n
		if !t.IsBinary() {
			charset, collation = charsetName, collationName
			if t.Length > 0 {
				octets = 4 * n
			}
		}
	}
	full := t.String()
	base, _, _ := strings.Cut(full, "(")
	base, _, _ = strings.Cut(base, " ")
	return []any{catalogName, domain, table, name, int64(position), nil, nullable, base, chars, octets, precision,
		scale, fsp, charset, collation, full, key, "", "select", comment, "", nil}
}

func integerDigits(t mysqltype.Type) int64 {
	switch t.ID {
	case mysqltype.Bool, mysqltype.TinyInt:
		return 3
	case mysqltype.SmallInt:
		return 5
	case mysqltype.MediumInt:
		return 7
	case mysqltype.Int:
		return 10
	}
	if t.Unsigned {
		return 20
	}
	return 19
}

// reference is a relationship whose both ends the principal sees.
type reference struct {
	name                  string
	from                  visibleProduct
	column                string
	domain, table, target string
}

func (v *view) references() (out []reference) {
	for _, p := range v.products {
		for _, i := range p.visibleColumns() {
			for _, r := range p.Columns[i].References {
				q, ok := v.product(r.Domain, r.Product)
				if !ok || !q.sees(r.Column) {
					continue
				}
				out = append(out, reference{"fk_" + p.Name + "_" + p.Columns[i].Name, p, p.Columns[i].Name, r.Domain, r.Product, r.Column})
			}
		}
	}
	return out
}

func (p *visibleProduct) sees(column string) bool {
	for _, i := range p.visibleColumns() {
		if p.Columns[i].Name == column {
			return true
		}
	}
	return false
}

func constraintRows(v *view) (rows [][]any) {
	row := func(p visibleProduct, name, kind string) {
		rows = append(rows, []any{catalogName, p.Domain, name, p.Domain, p.Name, kind, "NO"})
	}
	for _, p := range v.products {
		if p.keyVisible() {
			row(p, primaryKeyName, "PRIMARY KEY")
		}
	}
	for _, r := range v.references() {
		row(r.from, r.name, "FOREIGN KEY")
	}
	return rows
}

func keyColumnRows(v *view) (rows [][]any) {
	for _, p := range v.products {
		for _, c := range p.keyColumns() {
			rows = append(rows, []any{catalogName, p.Domain, primaryKeyName, catalogName, p.Domain, p.Name, p.Columns[c].Name,
				int64(p.Columns[c].PrimaryKey), nil, nil, nil, nil})
		}
	}
	for _, r := range v.references() {
		rows = append(rows, []any{catalogName, r.from.Domain, r.name, catalogName, r.from.Domain, r.from.Name, r.column,
			int64(1), int64(1), r.domain, r.table, r.target})
	}
	return rows
}

// keyColumns are the ordinals of the visible primary key, in key order.
func (p *visibleProduct) keyColumns() []int {
	if !p.keyVisible() {
		return nil
	}
	var out []int
	for position := 1; ; position++ {
		found := false
		for i, c := range p.Columns {
			if c.PrimaryKey == position {
				out = append(out, i)
				found = true
			}
		}
		if !found {
			return out
		}
	}
}

func referentialRows(v *view) (rows [][]any) {
	for _, r := range v.references() {
		rows = append(rows, []any{catalogName, r.from.Domain, r.name, catalogName, r.domain, primaryKeyName, "NONE",
			"NO ACTION", "NO ACTION", r.from.Name, r.table})
	}
	return rows
}

func statisticsRows(v *view) (rows [][]any) {
	for _, p := range v.products {
		for _, c := range p.keyColumns() {
			rows = append(rows, []any{catalogName, p.Domain, p.Name, int64(0), p.Domain, primaryKeyName,
				int64(p.Columns[c].PrimaryKey), p.Columns[c].Name, "A", nil, nil, nil, "", "HASH", "", "", "YES", nil})
		}
	}
	return rows
}

func charsetRows(*view) [][]any {
	return [][]any{
		{"binary", "binary", "Binary pseudo charset", int64(1)},
		{charsetName, collationName, "UTF-8 Unicode", int64(4)},
	}
}

func collationRows(*view) [][]any {
	return [][]any{
		{"binary", "binary", int64(63), "Yes", "Yes", int64(1), "NO PAD"},
		{"utf8mb4_general_ci", charsetName, int64(45), "", "Yes", int64(1), "PAD SPACE"},
		{"utf8mb4_0900_ai_ci", charsetName, int64(255), "", "Yes", int64(0), "NO PAD"},
		{"utf8mb4_0900_as_ci", charsetName, int64(305), "", "Yes", int64(0), "NO PAD"},
		{"utf8mb4_0900_as_cs", charsetName, int64(278), "", "Yes", int64(0), "NO PAD"},
		{collationName, charsetName, int64(309), "Yes", "Yes", int64(1), "NO PAD"},
	}
}

func engineRows(*view) [][]any {
	return [][]any{{storageEngine, "DEFAULT", "Data products in their domains' object storage", "NO", "NO", "NO"}}
}

func processRows(v *view) (rows [][]any) {
	for _, p := range v.session.engine.processes(v.session.principal.User) {
		rows = append(rows, []any{int64(p.id), p.user, p.client, nilIfEmpty(p.domain), p.command, p.seconds, p.state, nilIfEmpty(p.statement)})
	}
	return rows
}

func nilIfEmpty(s string) any {
	if s == "" {
		return nil
	}
	return s
}
