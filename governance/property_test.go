package governance

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/meshql/meshql/governance/descriptor"
	"github.com/meshql/meshql/planner/plan"
)

var today = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

// The properties hold over one relation whose columns have values that tell
// where they come from: text columns hold "<column>-…".
const relationText = "d.p: id int, country varchar, mail varchar pii, note varchar class=internal, flag bool entity:x"

// drawRestriction draws a row filter, a mask or a group size in YAML, with an id
// of its own. Guild policies match by tag or across domains, too.
func drawRestriction(t *rapid.T, id string, guild bool) string {
	match := rapid.SampledFrom([]string{"{product: p}", "{column: mail}", "{column: [mail, note]}", "{tag: pii}",
		"{classification: internal}", "{entity: x, column: flag}", "{column: country}"}).Draw(t, "match")
	if guild {
		match = rapid.SampledFrom([]string{match, "{product: d.p}", "{domain: d, tag: pii}", "{product: 'd.*', column: note}"}).Draw(t, "guild match")
	}
	effect := rapid.SampledFrom([]string{
		`rows: "country = 'DE'"`, `rows: "country = user.country"`, `rows: "country IN (user.regions)"`, `rows: "flag"`,
		`rows: "NOT flag OR note IS NULL"`, `rows: "id < 3"`,
		`mask: null`, `mask: deny`, `mask: constant('masked')`, `mask: hash`, `mask: "concat('masked ', note)"`,
		`mask: "CASE WHEN flag THEN mail ELSE 'masked' END"`,
		`min_group: {size: 3, entity: id}`, `min_group: {size: 5, entity: id}`,
	}).Draw(t, "effect")
	return fmt.Sprintf("- {id: %s, match: %s, %s%s}\n", id, match, effect, drawBinding(t))
}

func drawGrant(t *rapid.T, id string) string {
	effect := rapid.SampledFrom([]string{
		"grant: select", "grant: select", "grant: select, columns: [id, mail]", "grant: select, columns: [country]",
		`grant: select, rows: "country = 'FR'"`, `grant: select, rows: "id > 1", columns: [mail, note]`, "grant: discover",
	}).Draw(t, "grant")
	return fmt.Sprintf("- {id: %s, match: {product: p}, %s%s}\n", id, effect, drawBinding(t))
}

func drawBinding(t *rapid.T) string {
	return rapid.SampledFrom([]string{
		"", "", "", ", to: [role:a]", ", to: [role:a, role:b]", ", except: {any: [role:b, purpose:analytics]}",
		", except: {all: [role:a, role:b]}", `, when: "user.country = 'DE'"`, `, when: "session.purpose <> 'analytics'"`,
	}).Draw(t, "binding")
}

func drawPrincipal(t *rapid.T) *Principal {
	p := &Principal{
		Roles:      rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "d_owner"}), 0, 3, rapid.ID).Draw(t, "roles"),
		Purpose:    rapid.SampledFrom([]string{"", "analytics", "marketing"}).Draw(t, "purpose"),
		Attributes: map[string]any{},
	}
	if c := rapid.SampledFrom([]string{"", "DE", "FR"}).Draw(t, "country"); c != "" {
		p.Attributes["country"] = c
	}
	if rapid.Bool().Draw(t, "has regions") {
		p.Attributes["regions"] = rapid.SliceOf(rapid.SampledFrom([]string{"DE", "FR", "IT"})).Draw(t, "regions")
	}
	return p
}

func drawRows(t *rapid.T) [][]any {
	row := rapid.Custom(func(t *rapid.T) []any {
		text := func(name string, values ...any) any {
			return rapid.SampledFrom(append(values, nil)).Draw(t, name)
		}
		return []any{
			rapid.SampledFrom([]any{int64(1), int64(2), int64(3), nil}).Draw(t, "id"),
			text("country", "DE", "FR", "IT"),
			text("mail", "mail-1", "mail-2"),
			text("note", "note-1", "note-2"),
			rapid.SampledFrom([]any{true, false, nil}).Draw(t, "flag"),
		}
	})
	return rapid.SliceOfN(row, 1, 20).Draw(t, "rows")
}

// layers are the policies of a drawn mesh, one text a policy.
type layers struct{ guild, domain []string }

func drawLayers(t *rapid.T) layers {
	var l layers
	for i := range rapid.IntRange(0, 3).Draw(t, "guild policies") {
		l.guild = append(l.guild, drawRestriction(t, fmt.Sprintf("g%d", i), true))
	}
	for i := range rapid.IntRange(1, 3).Draw(t, "grants") {
		l.domain = append(l.domain, drawGrant(t, fmt.Sprintf("grant%d", i)))
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "domain policies") {
		l.domain = append(l.domain, drawRestriction(t, fmt.Sprintf("d%d", i), false))
	}
	return l
}

// decide compiles l, split into files as cut says, and decides.
func (l layers) decide(t *rapid.T, p *Principal, cut func([]string) []string) (*Decision, *Relation) {
	w := newWorld()
	w.relations(relationText)
	for _, data := range cut(l.guild) {
		w.in.Guild = append(w.in.Guild, w.file(data))
	}
	d := w.domain("d")
	for _, data := range cut(l.domain) {
		d.Files = append(d.Files, w.file(data))
	}
	ps, diagnostics := Compile(w.in)
	for _, one := range diagnostics {
		if one.Severity == descriptor.Error {
			t.Fatalf("%s\nin %q", one, l)
		}
	}
	r := w.relation("d.p")
	return ps.Decide(p, r, today), r
}

func oneFile(policies []string) []string { return []string{strings.Join(policies, "")} }

// shown says for each row whether it is visible, and for each cell how much of
// it: 0 nothing, 1 a mask's value, 2 the raw value.
func shown(t *rapid.T, d *Decision, rows [][]any) (visible []bool, cells [][]int, values [][]any) {
	for _, row := range rows {
		see := d.Access == Select && (d.Rows == nil || eval(d.Rows, row) == true)
		levels, out := make([]int, len(row)), make([]any, len(row))
		for i, c := range d.Columns {
			switch {
			case !see || !c.Visible:
			case c.Mask == nil:
				levels[i], out[i] = 2, row[i]
			default:
				if out[i] = eval(c.Mask, row); out[i] != nil {
					levels[i] = 1
					if out[i] == row[i] {
						levels[i] = 2
					}
				}
			}
		}
		for i, v := range out {
			for j, name := range []string{"", "", "mail-", "note-"} {
				if s, ok := v.(string); ok && name != "" && i != j && strings.Contains(s, name) && levels[j] != 2 {
					t.Fatalf("column %d shows %q of column %d, which is hidden", i, s, j)
				}
			}
		}
		visible, cells, values = append(visible, see), append(cells, levels), append(values, out)
	}
	return visible, cells, values
}

// noMore fails if after shows anything that before does not.
func noMore(t *rapid.T, rows [][]any, before, after *Decision) {
	seen, had, old := shown(t, before, rows)
	see, have, now := shown(t, after, rows)
	if after.Access > before.Access {
		t.Fatalf("access grew from %d to %d", before.Access, after.Access)
	}
	for i := range rows {
		if see[i] && !seen[i] {
			t.Fatalf("row %v became visible:\n%s", rows[i], plan.FormatExpr(after.Rows, plan.FormatOptions{}))
		}
		for j, raw := range rows[i] {
			if raw == nil {
				continue // a mask may well show more than nothing
			}
			if have[i][j] > had[i][j] || have[i][j] == 1 && had[i][j] == 1 && now[i][j] != old[i][j] {
				t.Fatalf("column %d of %v shows %v after %v", j, rows[i], now[i][j], old[i][j])
			}
		}
	}
	if after.Access == Select && before.MinGroup != nil && (after.MinGroup == nil || after.MinGroup.Size < before.MinGroup.Size) {
		t.Fatal("the minimal group became smaller")
	}
}

// Adding a restriction, anywhere, never shows anyone more.
func TestRestrictionsOnlyRestrict(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, p, rows := drawLayers(t), drawPrincipal(t), drawRows(t)
		before, _ := l.decide(t, p, oneFile)
		if rapid.Bool().Draw(t, "guild") {
			l.guild = append(slices.Clone(l.guild), drawRestriction(t, "added", true))
		} else {
			l.domain = append(slices.Clone(l.domain), drawRestriction(t, "added", false))
		}
		after, _ := l.decide(t, p, oneFile)
		noMore(t, rows, before, after)
	})
}

// Whatever a domain writes, it shows no more than a domain that grants all.
func TestDomainsCannotWidenTheGuild(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, p, rows := drawLayers(t), drawPrincipal(t), drawRows(t)
		with, _ := l.decide(t, p, oneFile)
		all, _ := layers{guild: l.guild, domain: []string{"- {id: all, grant: select}\n- {id: find, grant: discover}\n"}}.decide(t, p, oneFile)
		noMore(t, rows, all, with)
	})
}

// Neither the order of policies nor their division into files counts.
func TestOrderDoesNotCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, p := drawLayers(t), drawPrincipal(t)
		one, r := l.decide(t, p, oneFile)
		other, _ := layers{
			guild:  rapid.Permutation(l.guild).Draw(t, "guild order"),
			domain: rapid.Permutation(l.domain).Draw(t, "domain order"),
		}.decide(t, p, func(policies []string) []string { return policies })
		if a, b := show(one, r), show(other, r); a != b || one.Fingerprint != other.Fingerprint {
			t.Fatalf("%s\nor, in another order,\n%s", a, b)
		}
	})
}

// Equal fingerprints mean equal rights: what the rows show is the same.
func TestFingerprint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, rows := drawLayers(t), drawRows(t)
		a, r := l.decide(t, drawPrincipal(t), oneFile)
		b, _ := l.decide(t, drawPrincipal(t), oneFile)
		_, _, left := shown(t, a, rows)
		_, _, right := shown(t, b, rows)
		if a.Fingerprint == b.Fingerprint && fmt.Sprint(left) != fmt.Sprint(right) {
			t.Fatalf("equal fingerprints of\n%s\nand\n%s", show(a, r), show(b, r))
		}
	})
}
