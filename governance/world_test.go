package governance

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/meshql/meshql/governance/descriptor"
	"github.com/meshql/meshql/planner/mysqltype"
	"github.com/meshql/meshql/planner/plan"
)

// world is a mesh as a golden file builds it, command by command.
type world struct {
	in    CompileInput
	files int
}

func newWorld() *world {
	return &world{in: CompileInput{
		Attributes: map[string]Attribute{
			"country": {Type: mysqltype.Type{ID: mysqltype.VarChar}},
			"regions": {Type: mysqltype.Type{ID: mysqltype.VarChar}, List: true},
			"level":   {Type: mysqltype.Type{ID: mysqltype.BigInt}},
			"ratio":   {Type: mysqltype.Type{ID: mysqltype.Double}},
			"vip":     {Type: mysqltype.Type{ID: mysqltype.Bool}},
		},
		Purposes:  []string{"analytics", "fulfilment", "marketing"},
		Entities:  []string{"customer"},
		HashKey:   func(name string) []byte { k := sha256.Sum256([]byte(name)); return k[:] },
		Functions: testFunctions{},
		Fold:      fold,
	}}
}

func (w *world) domain(name string) *Domain {
	for i := range w.in.Domains {
		if w.in.Domains[i].Name == name {
			return &w.in.Domains[i]
		}
	}
	w.in.Domains = append(w.in.Domains, Domain{Name: name})
	return &w.in.Domains[len(w.in.Domains)-1]
}

func (w *world) file(data string) File {
	w.files++
	return File{Name: fmt.Sprintf("f%d.yaml", w.files), Data: []byte(data)}
}

var types = map[string]mysqltype.Type{
	"tinyint":   {ID: mysqltype.TinyInt},
	"smallint":  {ID: mysqltype.SmallInt},
	"mediumint": {ID: mysqltype.MediumInt},
	"int":       {ID: mysqltype.Int},
	"bigint":    {ID: mysqltype.BigInt},
	"ubigint":   {ID: mysqltype.BigInt, Unsigned: true},
	"double":    {ID: mysqltype.Double},
	"decimal":   {ID: mysqltype.Decimal, Precision: 10, Scale: 2},
	"wide":      {ID: mysqltype.Decimal, Precision: 38},
	"bool":      {ID: mysqltype.Bool},
	"varchar":   {ID: mysqltype.VarChar, Length: 255},
	"ci":        {ID: mysqltype.VarChar, Length: 255, Collation: mysqltype.AI0900},
	"date":      {ID: mysqltype.Date},
	"datetime":  {ID: mysqltype.DateTime, Scale: 6},
	"timestamp": {ID: mysqltype.Timestamp, Scale: 6},
	"time":      {ID: mysqltype.Time},
	"json":      {ID: mysqltype.JSON},
	"varbinary": {ID: mysqltype.VarBinary, Length: 16},
}

// relations adds relations, one a line: domain.product[#tag]: name type [tag…] [class=x], …
func (w *world) relations(text string) {
	for line := range strings.Lines(text) {
		name, columns, _ := strings.Cut(strings.TrimSpace(line), ": ")
		domain, product, _ := strings.Cut(name, ".")
		product, tags, _ := strings.Cut(product, "#")
		r := &Relation{Domain: domain, Product: product, Tags: strings.Fields(tags), OwnerRoles: []string{domain + "_owner"}}
		for column := range strings.SplitSeq(columns, ", ") {
			words := strings.Fields(column)
			c := RelationColumn{Name: words[0], Type: types[words[1]]}
			for _, word := range words[2:] {
				if class, ok := strings.CutPrefix(word, "class="); ok {
					c.Classification = class
				} else {
					c.Tags = append(c.Tags, word)
				}
			}
			r.Columns = append(r.Columns, c)
		}
		d := w.domain(domain)
		d.Relations = append(d.Relations, r)
	}
}

func (w *world) relation(name string) *Relation {
	for _, d := range w.in.Domains {
		for _, r := range d.Relations {
			if r.Domain+"."+r.Product == name {
				return r
			}
		}
	}
	return &Relation{}
}

// principal reads role:x, user:x, purpose:x and attribute=value.
func principal(words []string) *Principal {
	p := &Principal{Attributes: map[string]any{}}
	for _, word := range words {
		name, value, isAttribute := strings.Cut(word, "=")
		kind, subject, _ := strings.Cut(word, ":")
		switch {
		case isAttribute:
			p.Attributes[name] = attribute(value)
		case kind == "role":
			p.Roles = append(p.Roles, subject)
		case kind == "user":
			p.User = subject
		case kind == "purpose":
			p.Purpose = subject
		}
	}
	return p
}

func attribute(text string) any {
	if list, ok := strings.CutPrefix(text, "["); ok {
		return strings.FieldsFunc(list, func(c rune) bool { return c == '|' || c == ']' })
	}
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		return f
	}
	if b, err := strconv.ParseBool(text); err == nil {
		return b
	}
	return text
}

// TestGoldens runs testdata. Commands: relations, guild, domain (name=x), and
// settings build a mesh; compile prints diagnostics; rules lists policies;
// decide (on=x as=(…) at=date) prints a decision; effective prints what
// mesh.effective_policies shows.
func TestGoldens(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		if strings.Contains(path, "rapid") || strings.Contains(path, "values") || strings.Contains(path, "fuzz") {
			return
		}
		w := newWorld()
		var ps *Policies
		var diagnostics []Diagnostic
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "relations":
				w.relations(d.Input)
			case "guild":
				w.in.Guild = append(w.in.Guild, w.file(d.Input))
			case "domain":
				var name string
				d.ScanArgs(t, "name", &name)
				domain := w.domain(name)
				domain.Denied = d.HasArg("denied")
				domain.Files = append(domain.Files, w.file(d.Input))
			case "settings":
				w.in.Settings = Settings{}
				if err := descriptor.Decode([]byte(d.Input), "mesh.yaml", &w.in.Settings); err != nil {
					return err.Error()
				}
			case "option":
				w.in.GuildFailed = d.HasArg("guild_failed")
				if d.HasArg("no_hash_key") {
					w.in.HashKey = nil
				}
				if d.HasArg("no_fold") {
					w.in.Fold = nil
				}
			case "reset":
				*w = *newWorld()
			case "compile":
				ps, diagnostics = Compile(w.in)
				return descriptor.Diagnostics(diagnostics).Error()
			case "rules":
				ps, _ = Compile(w.in)
				return showRules(ps)
			case "decide", "effective":
				ps, _ = Compile(w.in)
				on, at := "", "2026-06-01T12:00:00Z"
				var as []string
				for _, arg := range d.CmdArgs {
					switch arg.Key {
					case "on":
						on = arg.Vals[0]
					case "at":
						at = arg.Vals[0]
					case "as":
						as = arg.Vals
					}
				}
				now, err := time.Parse(time.RFC3339, at)
				if err != nil {
					return err.Error()
				}
				r := w.relation(on)
				decision := ps.Decide(principal(as), r, now)
				if d.Cmd == "effective" {
					return showEffective(decision, r)
				}
				return show(decision, r)
			default:
				d.Fatalf(t, "unknown command %s", d.Cmd)
			}
			return ""
		})
	})
}

func show(d *Decision, r *Relation) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", [...]string{"no access", "discover", "select"}[d.Access])
	if d.Owner {
		b.WriteString(" as owner")
	}
	if !d.Until.IsZero() {
		fmt.Fprintf(&b, " until %s", d.Until.Format(time.RFC3339))
	}
	b.WriteByte('\n')
	for i, c := range d.Columns {
		if !c.Visible {
			continue
		}
		fmt.Fprintf(&b, "  %s", r.Columns[i].Name)
		if c.Mask != nil {
			fmt.Fprintf(&b, " = %s %s", plan.FormatExpr(c.Mask, plan.FormatOptions{Types: true}), c.Mask.Type())
		}
		for _, reason := range c.Reasons {
			fmt.Fprintf(&b, " [%s: %s, %s]", reason.Layer, reason.Policy, reason.Effect)
		}
		b.WriteByte('\n')
	}
	if d.Rows != nil {
		fmt.Fprintf(&b, "  rows %s\n", plan.FormatExpr(d.Rows, plan.FormatOptions{Types: true}))
	}
	if d.MinGroup != nil {
		fmt.Fprintf(&b, "  min_group %d of %s [%s]\n", d.MinGroup.Size, r.Columns[d.MinGroup.Entity-1].Name, d.MinGroup.Policy)
	}
	if d.Policies != nil {
		fmt.Fprintf(&b, "  policies %s\n", strings.Join(d.Policies, ", "))
	}
	var hidden []string
	for _, reason := range d.InForce {
		if !slices.Contains(d.Policies, reason.Policy) {
			hidden = append(hidden, reason.Policy)
		}
	}
	if hidden != nil {
		fmt.Fprintf(&b, "  also in force %s\n", strings.Join(hidden, ", "))
	}
	return b.String()
}

func showEffective(d *Decision, r *Relation) string {
	var b strings.Builder
	for _, e := range d.Effective(r) {
		fmt.Fprintf(&b, "%s\t%s\t%s\t%s\n", cmpOr(e.Column, "*"), e.Effect, e.Policy, e.Layer)
	}
	return b.String()
}

func showRules(ps *Policies) string {
	var b strings.Builder
	for _, r := range ps.Rules() {
		fmt.Fprintf(&b, "%s %s: %s, %s, %s:%d, matches %s\n", r.Layer, r.ID, r.Kind, r.Effect, r.File, r.Line, strings.Join(r.Matched, " "))
	}
	return b.String()
}

func cmpOr(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// testFunctions types the few functions that tests use.
type testFunctions struct{}

func (testFunctions) Resolve(name string, args []mysqltype.Type) (mysqltype.Type, error) {
	switch {
	case slices.Contains([]string{"concat", "left", "right", "lower", "upper", "substring"}, name):
		return mysqltype.Type{ID: mysqltype.VarChar, Length: 255}, nil
	case slices.Contains([]string{"char_length", "weekday", "dayofmonth", "dayofyear", "month", "hour", "minute", "second", "year", "rand", "load_file"}, name):
		return mysqltype.Type{ID: mysqltype.BigInt}, nil
	case name == "floor" || name == "round":
		return args[0], nil
	}
	return mysqltype.Type{}, fmt.Errorf("FUNCTION %s does not exist", name)
}

func (testFunctions) Deterministic(name string) bool { return name != "rand" }
