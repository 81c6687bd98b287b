package main

import (
	"slices"
	"strings"
	"unicode"
)

// candidate is a word that may stand where the cursor is.
type candidate struct {
	value       string
	description string
	kind        string // what the menu calls its group
	open        bool   // a word goes on after it, without a space
}

// completer knows what can be named; it is text in, words out.
type completer struct {
	names    *names
	domain   string
	commands []command
}

// complete returns what may stand at the end of before, which the text after the
// cursor follows, and the part of the word that the candidates replace.
func (c *completer) complete(before, after string) (prefix string, out []candidate) {
	if trimmed := strings.TrimLeft(before, " \n"); strings.HasPrefix(trimmed, `\`) {
		return c.command(trimmed)
	}
	rest := currentStatement(before)
	if prefix, ok := purposePrefix(rest); ok {
		return prefix, matching(prefix, c.purposes())
	}
	if openText(rest) {
		return "", nil
	}
	path := lastWord(rest)
	qualifier, prefix := cutPath(path)
	previous := words(rest[:len(rest)-len(path)])
	end, _ := splitStatements("x" + after + ";")
	scope := c.scope(append(words(rest), words(strings.TrimPrefix(end[0].text, "x"))...))
	if qualifier != "" {
		return prefix, matching(prefix, c.qualified(qualifier, scope))
	}
	switch last := lastOf(previous); {
	case last == "USE":
		return prefix, matching(prefix, c.domains())
	case last == "FROM", last == "JOIN", last == "DESCRIBE", last == "INTO", last == "," && inFrom(previous), last == "DESC" && len(previous) == 1:
		return prefix, matching(prefix, c.relations())
	}
	var all []candidate
	for _, r := range scope {
		all = append(all, columnsOf(r.product)...)
	}
	for _, r := range scope {
		if r.alias != "" {
			all = append(all, candidate{value: identifier(r.alias), description: r.product.domain + "." + r.product.name, kind: "aliases", open: true})
		}
	}
	if prefix != "" {
		all = append(all, c.words(prefix, len(previous) > 0)...)
	} else if len(scope) == 0 {
		all = append(all, c.relations()...)
	}
	return prefix, matching(prefix, all)
}

// command completes the name of a backslash command, or what it is about.
func (c *completer) command(text string) (string, []candidate) {
	name, argument, given := strings.Cut(text, " ")
	if !given {
		var all []candidate
		for _, cmd := range c.commands {
			all = append(all, candidate{value: `\` + cmd.name, description: cmd.help, kind: "commands"})
		}
		return name, matching(name, all)
	}
	fields := strings.Fields(argument + "x")
	last := strings.TrimSuffix(fields[len(fields)-1], "x")
	switch name {
	case `\d`, `\why`:
		qualifier, prefix := cutPath(last)
		if qualifier == "" {
			return prefix, matching(prefix, c.relations())
		}
		if domain, product, full := strings.Cut(qualifier, "."); full {
			if p := c.names.product(domain, product); p != nil && name == `\why` {
				return prefix, matching(prefix, columnsOf(*p))
			}
			return prefix, nil
		}
		return prefix, matching(prefix, c.productsOf(qualifier))
	case `\purpose`:
		return last, matching(last, c.purposes())
	case `\format`:
		return last, matching(last, plainCandidates(formatList(), "formats"))
	case `\export`:
		if len(fields) > 1 {
			return last, matching(last, plainCandidates(formatList(), "formats"))
		}
	case `\explain`:
		return c.complete(argument, "")
	}
	return last, nil
}

// relation is a product in a statement's FROM.
type relation struct {
	alias   string
	product productName
}

// scope finds the products that a statement reads.
func (c *completer) scope(tokens []string) (out []relation) {
	for i := 0; i < len(tokens); i++ {
		if t := strings.ToUpper(tokens[i]); t != "FROM" && t != "JOIN" && (t != "," || !inFrom(tokens[:i+1])) {
			continue
		}
		if i+1 >= len(tokens) {
			break
		}
		domain, name := cutPath(tokens[i+1])
		if domain == "" {
			domain = c.domain
		}
		p := c.names.product(unquote(domain), unquote(name))
		if p == nil {
			continue
		}
		r := relation{product: *p}
		next := i + 2
		if next < len(tokens) && strings.EqualFold(tokens[next], "AS") {
			next++
		}
		if next < len(tokens) && isWord(tokens[next]) && !slices.Contains(keywords, strings.ToUpper(tokens[next])) {
			r.alias = unquote(tokens[next])
		}
		out = append(out, r)
	}
	return out
}

// qualified returns what may follow "qualifier.".
func (c *completer) qualified(qualifier string, scope []relation) []candidate {
	domain, product := cutPath(qualifier)
	domain, product = unquote(domain), unquote(product)
	if domain != "" {
		if p := c.names.product(domain, product); p != nil {
			return columnsOf(*p)
		}
		return nil
	}
	for _, r := range scope {
		if strings.EqualFold(r.alias, product) || r.alias == "" && strings.EqualFold(r.product.name, product) {
			return columnsOf(r.product)
		}
	}
	return c.productsOf(product)
}

func (c *completer) productsOf(domain string) (out []candidate) {
	for _, p := range c.names.products {
		if strings.EqualFold(p.domain, domain) {
			out = append(out, candidate{value: identifier(p.name), description: p.comment, kind: "products"})
		}
	}
	return out
}

// relations are the products, the current domain's also by their name alone.
func (c *completer) relations() (out []candidate) {
	if c.domain != "" {
		out = c.productsOf(c.domain)
	}
	for _, p := range c.names.products {
		if p.domain != "information_schema" {
			out = append(out, candidate{value: identifier(p.domain) + "." + identifier(p.name), description: p.comment, kind: "products"})
		}
	}
	return append(out, candidate{value: "information_schema", kind: "domains", open: true})
}

func (c *completer) domains() []candidate { return plainCandidates(c.names.domains, "domains") }

func (c *completer) purposes() []candidate { return plainCandidates(c.names.purposes, "purposes") }

// words are keywords and functions in the case of what was typed.
func (c *completer) words(prefix string, started bool) (out []candidate) {
	lower := prefix == strings.ToLower(prefix)
	cased := func(s string) string {
		if lower {
			return strings.ToLower(s)
		}
		return strings.ToUpper(s)
	}
	for _, k := range keywords {
		out = append(out, candidate{value: cased(k), kind: "keywords"})
	}
	if started {
		for _, f := range functionNames() {
			out = append(out, candidate{value: cased(f) + "(", kind: "functions", open: true})
		}
	}
	return out
}

func columnsOf(p productName) (out []candidate) {
	for _, col := range p.columns {
		out = append(out, candidate{value: identifier(col.name), description: col.typ, kind: "columns"})
	}
	return out
}

func plainCandidates(values []string, kind string) (out []candidate) {
	for _, v := range values {
		out = append(out, candidate{value: v, kind: kind})
	}
	return out
}

// matching keeps the candidates that start with prefix in any case, each once.
func matching(prefix string, all []candidate) (out []candidate) {
	seen := map[string]bool{}
	for _, c := range all {
		if len(c.value) < len(prefix) || !strings.EqualFold(c.value[:len(prefix)], prefix) || seen[c.value] {
			continue
		}
		seen[c.value] = true
		out = append(out, c)
	}
	return out
}

// currentStatement is the unfinished statement at the end of a text.
func currentStatement(text string) string {
	statements, rest := splitStatements(text + "\x00;") // NUL stands for the cursor
	if len(statements) > 0 {
		if cut, found := strings.CutSuffix(statements[len(statements)-1].text, "\x00"); found {
			return cut
		}
	}
	return strings.TrimSuffix(rest, "\x00;") // inside quotes
}

// purposePrefix finds the unfinished string of "SET SESSION purpose = 'mark".
func purposePrefix(rest string) (string, bool) {
	at := strings.LastIndexByte(rest, '\'')
	if at < 0 || strings.Count(rest, "'") != 1 {
		return "", false
	}
	head := words(rest[:at])
	n := len(head)
	ok := n >= 3 && strings.EqualFold(head[0], "SET") && head[n-1] == "=" && strings.HasSuffix(strings.ToLower(head[n-2]), "purpose")
	return rest[at+1:], ok
}

// words cuts SQL into names with their qualifiers, and signs. Comments and
// strings are left out.
func words(text string) (out []string) {
	for i := 0; i < len(text); {
		if end := afterComment(text, i); end > i {
			i = end
			continue
		}
		c := text[i]
		switch {
		case c == '\'' || c == '"':
			i = afterQuoted(text, i)
			out = append(out, "''")
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			i++
		default:
			if n := wordLength(text[i:]); n > 0 {
				out = append(out, text[i:i+n])
				i += n
				continue
			}
			out = append(out, text[i:i+1])
			i++
		}
	}
	return out
}

// wordLength is the length of the name, with its qualifiers, that a text starts
// with.
func wordLength(text string) int {
	for i, r := range text {
		if r == '`' {
			end := afterQuoted(text, i)
			return end + wordLength(text[end:])
		}
		if r != '.' && r != '@' && !isWordRune(r) {
			return i
		}
	}
	return len(text)
}

func lastWord(text string) string {
	return text[strings.LastIndexFunc(text, func(r rune) bool { return r != '.' && r != '`' && r != '@' && !isWordRune(r) })+1:]
}

func isWordRune(r rune) bool {
	return r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

func isWord(s string) bool { return s != "" && wordLength(s) == len(s) }

// cutPath cuts a name at its last dot.
func cutPath(path string) (qualifier, name string) {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

func unquote(s string) string { return strings.ReplaceAll(s, "`", "") }

func lastOf(tokens []string) string {
	if len(tokens) == 0 {
		return ""
	}
	return strings.ToUpper(tokens[len(tokens)-1])
}

// inFrom reports whether tokens end in a FROM clause, outside ON.
func inFrom(tokens []string) bool {
	for i := len(tokens) - 1; i >= 0; i-- {
		switch strings.ToUpper(tokens[i]) {
		case "FROM":
			return true
		case "SELECT", "WHERE", "ON", "USING", "GROUP", "ORDER", "HAVING", "SET", "(":
			return false
		}
	}
	return false
}
