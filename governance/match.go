package governance

import (
	"slices"
	"strings"
)

// selects returns the ordinals of the columns of r that m is about; ok is false
// if m is not about r at all. A nil match, and one without keys for columns, is
// about every column. missing are the columns that m names, without a glob, of
// a product that it names, and that r does not have.
func (m *Match) selects(r *Relation) (ordinals []int, missing []string, ok bool) {
	if m == nil {
		return everyColumn(r), nil, true
	}
	if m.Domain != nil && !m.Domain.match(r.Domain) || m.Product != nil && !m.Product.matchProduct(r) {
		return nil, nil, false
	}
	if m.Product != nil && m.namesProduct(r) {
		for _, name := range m.Column {
			if !strings.ContainsAny(name, "*?") && r.ordinal(name) < 0 {
				missing = append(missing, name)
			}
		}
	}
	if !m.byColumn() {
		return everyColumn(r), missing, true
	}
	for i, c := range r.Columns {
		if m.selectsColumn(r, c) {
			ordinals = append(ordinals, i)
		}
	}
	return ordinals, missing, len(ordinals)+len(missing) > 0
}

// byColumn reports whether m has a key that tells columns apart.
func (m *Match) byColumn() bool {
	return m != nil && (m.Column != nil || m.Tag != nil || m.Classification != nil || m.Entity != nil)
}

func (m *Match) selectsColumn(r *Relation, c RelationColumn) bool {
	return (m.Column == nil || m.Column.match(c.Name)) &&
		(m.Tag == nil || slices.ContainsFunc(c.Tags, m.Tag.match) || slices.ContainsFunc(r.Tags, m.Tag.match)) &&
		(m.Classification == nil || m.Classification.match(c.Classification)) &&
		(m.Entity == nil || slices.ContainsFunc(entitiesOf(c), m.Entity.match))
}

// namesProduct reports whether m names r's product without a glob.
func (m *Match) namesProduct(r *Relation) bool {
	return slices.ContainsFunc(m.Product, func(pattern string) bool {
		return !strings.ContainsAny(pattern, "*?") && Globs{pattern}.matchProduct(r)
	})
}

// matchProduct takes domain.product, or a product of any domain.
func (g Globs) matchProduct(r *Relation) bool {
	return slices.ContainsFunc(g, func(pattern string) bool {
		if strings.Contains(pattern, ".") {
			return glob(pattern, r.Domain+"."+r.Product)
		}
		return glob(pattern, r.Product)
	})
}

func (g Globs) match(name string) bool {
	return slices.ContainsFunc(g, func(pattern string) bool { return glob(pattern, name) })
}

// glob matches without regard to case: * is any text, ? is any one code point.
func glob(pattern, name string) bool {
	p, s := []rune(strings.ToLower(pattern)), []rune(strings.ToLower(name))
	i, j, star, mark := 0, 0, -1, 0
	for j < len(s) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == s[j]):
			i, j = i+1, j+1
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}

// entitiesOf returns the entities that a column's tags name.
func entitiesOf(c RelationColumn) []string {
	var entities []string
	for _, tag := range c.Tags {
		if entity, ok := strings.CutPrefix(tag, "entity:"); ok {
			entities = append(entities, entity)
		}
	}
	return entities
}

func everyColumn(r *Relation) []int {
	ordinals := make([]int, len(r.Columns))
	for i := range ordinals {
		ordinals[i] = i
	}
	return ordinals
}

// ordinal returns the ordinal of the column called name, or -1.
func (r *Relation) ordinal(name string) int {
	return slices.IndexFunc(r.Columns, func(c RelationColumn) bool { return strings.EqualFold(c.Name, name) })
}
