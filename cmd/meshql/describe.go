package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// describe shows the mesh as its tables have it for this principal, or one
// product of it.
func (s *shell) describe(ctx context.Context, argument string) error {
	if argument == "" {
		return s.describeMesh(ctx)
	}
	domain, product, err := s.productNamed(argument)
	if err != nil {
		return err
	}
	return s.describeProduct(ctx, domain, product)
}

// productNamed takes a product's name, with its domain or in the current one.
func (s *shell) productNamed(argument string) (domain, product string, err error) {
	domain, product = cutPath(unquote(argument))
	if domain == "" {
		domain = s.client.Domain()
	}
	if domain == "" {
		return "", "", refusal("which domain's? say DOMAIN.PRODUCT, or USE a domain")
	}
	return strings.ToLower(domain), product, nil
}

func (s *shell) describeMesh(ctx context.Context) error {
	domains, err := tableOf(ctx, s.client, "SELECT domain, state, description, team, contact FROM mesh.domains ORDER BY domain")
	if err != nil {
		return err
	}
	products, err := tableOf(ctx, s.client, "SELECT domain, product, access, status, title, description FROM mesh.products ORDER BY domain, product")
	if err != nil {
		return err
	}
	for i, d := range domains {
		if i > 0 {
			fmt.Fprintln(s.out)
		}
		line := s.paint(colourBold, d[0])
		if d[1] != "ready" {
			line += " (" + d[1] + ")"
		}
		fmt.Fprintln(s.out, joinWords(line, printable(d[2]), askWhom(d[3], d[4])))
		for _, p := range products {
			if p[0] == d[0] {
				fmt.Fprintf(s.out, "  %-24s %s\n", p[1], productNote(p[2], p[3], p[4], p[5]))
			}
		}
	}
	if len(domains) == 0 {
		fmt.Fprintln(s.err, "you see no domain of this mesh yet: ask a domain's owner for access")
	}
	return nil
}

// productNote is what a list says of a product.
func productNote(access, status, title, description string) string {
	note := description
	if note == "" {
		note = title
	}
	switch {
	case access == "discover":
		return "(listed only: ask the domain for access)"
	case status == "deprecated":
		note = strings.TrimSpace("(deprecated) " + note)
	}
	return printable(note)
}

// askWhom is a domain's team and contact.
func askWhom(team, contact string) string {
	switch {
	case team != "" && contact != "" && team != contact:
		return printable("(" + team + ", " + contact + ")")
	case team+contact != "":
		return printable("(" + max(team, contact) + ")")
	}
	return ""
}

// joinWords joins what is not empty with spaces.
func joinWords(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), "  ")
}

func (s *shell) describeProduct(ctx context.Context, domain, product string) error {
	where := "domain = " + literal(domain) + " AND product = " + literal(product)
	about, err := tableOf(ctx, s.client, "SELECT access, version, status, title, description, team, contact, purpose, limitations, `usage`, tags FROM mesh.products WHERE "+where)
	if err != nil {
		return err
	}
	columns, err := tableOf(ctx, s.client, "SELECT `column`, type, nullable, title, description, mask, policies FROM mesh.columns WHERE "+where+" ORDER BY position")
	if err != nil {
		return err
	}
	if len(about) == 0 && len(columns) == 0 {
		return s.absent(ctx, domain, product)
	}
	keys, err := tableOf(ctx, s.client, "SELECT COLUMN_NAME, COLUMN_KEY FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = "+literal(domain)+" AND TABLE_NAME = "+literal(product))
	if err != nil {
		return err
	}
	filters, err := tableOf(ctx, s.client, "SELECT effect, policy, layer FROM mesh.effective_policies WHERE `column` IS NULL AND "+where+" ORDER BY layer, policy")
	if err != nil {
		return err
	}
	if len(about) > 0 {
		a := about[0]
		fmt.Fprintln(s.out, joinWords(s.paint(colourBold, domain+"."+product), versionNote(a[1], a[2]), titleNote(a[3], product), askWhom(a[5], a[6])))
		for i, label := range []string{"", "purpose", "limitations", "usage", "tags"} {
			value := a[4]
			if i > 0 {
				value = a[6+i]
			}
			if label != "" && value == a[4] {
				continue
			}
			if label != "" && value != "" {
				value = label + ": " + value
			}
			if value != "" {
				fmt.Fprintln(s.out, printable(value))
			}
		}
		if a[0] == "discover" {
			fmt.Fprintln(s.out, productNote(a[0], "", "", ""))
		}
	}
	if len(columns) > 0 {
		s.columnTable(columns, keys)
	}
	for _, f := range filters {
		fmt.Fprintf(s.out, "%s, by %s of %s\n", effectText(f[0]), f[1], layerName(f[2]))
	}
	return nil
}

func versionNote(version, status string) string {
	if version == "" {
		return ""
	}
	return strings.TrimSpace(version + " " + status)
}

// titleNote is a title that says more than the name.
func titleNote(title, product string) string {
	if strings.EqualFold(title, product) {
		return ""
	}
	return printable(title)
}

// columnTable shows a product's columns; those that say nothing are left out.
func (s *shell) columnTable(columns, keys [][]string) {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(table.Row{"column", "type", "key", "what applies to you", "description"})
	t.SuppressEmptyColumns()
	named, typed, bound := 0, 0, 0
	for _, c := range columns {
		key := ""
		for _, k := range keys {
			if k[0] == c[0] {
				key = k[1]
			}
		}
		typ := c[1]
		if c[2] == "0" {
			typ = strings.TrimSuffix(typ, " NOT NULL") + " NOT NULL"
		}
		applies := c[5]
		if applies != "" {
			applies = effectText(applies) + ", by " + c[6]
		}
		description := c[4]
		if description == "" {
			description = c[3]
		}
		t.AppendRow(table.Row{printable(c[0]), typ, key, applies, printable(description)})
		named, typed, bound = max(named, displayWidth(c[0])), max(typed, displayWidth(typ)), max(bound, displayWidth(applies))
	}
	if width, _ := s.screen(); width > 0 {
		const frame = 19 // lines, padding and the key
		words := max(width-frame-named-typed, 30)
		bound = min(bound, words/2)
		t.SetColumnConfigs([]table.ColumnConfig{
			{Number: 4, WidthMax: max(bound, 15), WidthMaxEnforcer: text.WrapSoft},
			{Number: 5, WidthMax: words - bound, WidthMaxEnforcer: text.WrapSoft},
		})
	}
	fmt.Fprintln(s.out, t.Render())
}

// absent gives the error that a statement about the name would: nothing tells a
// product that does not exist from one that this principal may not see.
func (s *shell) absent(ctx context.Context, domain, product string) error {
	r, err := s.client.Query(ctx, "SELECT 1 FROM "+identifier(domain)+"."+identifier(product)+" LIMIT 0")
	if err != nil {
		return err
	}
	if err := r.Close(); err != nil {
		return err
	}
	_, err = tableOf(ctx, s.client, "SELECT * FROM "+identifier(domain)+"."+identifier(product)+" LIMIT 0")
	return err
}

// products lists those in which every word is found.
func (s *shell) products(ctx context.Context, argument string) error {
	rows, err := tableOf(ctx, s.client, "SELECT domain, product, access, status, title, description, tags, team FROM mesh.products ORDER BY domain, product")
	if err != nil {
		return err
	}
	known, err := s.known(ctx)
	if err != nil {
		return err
	}
	found := 0
	for _, r := range rows {
		all := strings.ToLower(strings.Join(r, " "))
		if p := known.product(r[0], r[1]); p != nil {
			for _, c := range p.columns {
				all += " " + strings.ToLower(c.name)
			}
		}
		missing := slices.ContainsFunc(strings.Fields(strings.ToLower(argument)), func(w string) bool { return !strings.Contains(all, w) })
		if missing {
			continue
		}
		found++
		fmt.Fprintf(s.out, "%-32s %s\n", r[0]+"."+r[1], productNote(r[2], r[3], r[4], r[5]))
	}
	if found == 0 {
		fmt.Fprintln(s.err, "no product that you see mentions that")
	}
	return nil
}

// why says what applies to this principal on a product or one of its columns.
func (s *shell) why(ctx context.Context, argument string) error {
	parts := strings.Split(unquote(argument), ".")
	if current := s.client.Domain(); current != "" && (len(parts) == 1 && argument != "" || len(parts) == 2 && !s.isDomain(ctx, parts[0])) {
		parts = append([]string{current}, parts...)
	}
	if len(parts) < 2 || len(parts) > 3 {
		return refusal(`\why DOMAIN.PRODUCT or \why DOMAIN.PRODUCT.COLUMN`)
	}
	where := "domain = " + literal(strings.ToLower(parts[0])) + " AND product = " + literal(parts[1])
	columns, err := tableOf(ctx, s.client, "SELECT `column` FROM mesh.columns WHERE "+where)
	if err != nil {
		return err
	}
	column := ""
	if len(columns) == 0 {
		return s.absent(ctx, parts[0], parts[1])
	}
	if len(parts) == 3 {
		i := slices.IndexFunc(columns, func(c []string) bool { return strings.EqualFold(c[0], parts[2]) })
		if i < 0 {
			_, err := tableOf(ctx, s.client, "SELECT "+identifier(parts[2])+" FROM "+identifier(parts[0])+"."+identifier(parts[1])+" LIMIT 0")
			return err
		}
		column = columns[i][0]
		where += " AND (`column` IS NULL OR `column` = " + literal(column) + ")"
	}
	policies, err := tableOf(ctx, s.client, "SELECT `column`, effect, policy, layer FROM mesh.effective_policies WHERE "+where+" ORDER BY `column`, layer, policy")
	if err != nil {
		return err
	}
	s.reasons(strings.Join(parts[:2], "."), column, policies)
	return nil
}

// reasons writes policies (column, effect, id, layer) as sentences.
func (s *shell) reasons(product, column string, policies [][]string) {
	clear := column != ""
	for _, p := range policies {
		on := product
		if p[0] != "" {
			on, clear = product+"."+p[0], false
		}
		fmt.Fprintf(s.out, "%s: %s, by %s of %s\n", on, effectText(p[1]), s.paint(colourBold, p[2]), layerName(p[3]))
	}
	switch {
	case clear:
		fmt.Fprintf(s.out, "%s.%s: shown as it is\n", product, column)
	case len(policies) == 0:
		fmt.Fprintf(s.out, "%s: nothing filters or masks it for you\n", product)
	}
}

// effectText says what a policy's effect is to the person it binds.
func effectText(effect string) string {
	switch effect {
	case "grant select":
		return "granted"
	case "grant discover":
		return "listed"
	case "rows":
		return "rows filtered"
	}
	if mask, ok := strings.CutPrefix(effect, "mask "); ok {
		return "masked with " + mask
	}
	return effect
}

func layerName(layer string) string {
	if layer == "guild" {
		return "the guild"
	}
	return "domain " + layer
}

func (s *shell) isDomain(ctx context.Context, name string) bool {
	known, err := s.known(ctx)
	return err == nil && slices.ContainsFunc(known.domains, func(d string) bool { return strings.EqualFold(d, name) })
}
