package descriptor

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Limits of a file.
const (
	MaxSize  = 1 << 20 // bytes
	MaxDepth = 32      // levels of mappings and sequences

	maxDiagnostics = 50 // then the reader stops
)

// Kind is what a node is.
type Kind uint8

const (
	Null Kind = iota
	Bool
	Int
	Float
	String
	Sequence
	Mapping
)

func (k Kind) String() string {
	return [...]string{"null", "a boolean", "an integer", "a number", "a string", "a list", "a mapping"}[k]
}

// Node is a value in a file.
type Node struct {
	Kind Kind
	Position
	// Value is nil, a bool, int64, uint64 (only above the range of int64),
	// float64 or string.
	Value   any
	Items   []*Node // Sequence
	Entries []Entry // Mapping, in the order of the file
}

// Entry is a key and its value in a mapping.
type Entry struct {
	Key string
	Position
	Value *Node
}

// Parse reads one YAML document; the error is Diagnostics. A file without a
// document is a Null node.
func Parse(data []byte, file string) (*Node, error) {
	r := &reader{file: file}
	if !r.checkText(data) {
		return nil, r.diagnostics
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	root := &Node{Position: Position{1, 1}}
	var doc, second yaml.Node
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return root, nil
	case err != nil:
		r.syntax(err)
		return nil, r.diagnostics
	}
	root = r.node(doc.Content[0], 1)
	if err := d.Decode(&second); err == nil {
		r.report(at(&second), "MQ002", "the file holds more than one YAML document", "keep one")
	} else if !errors.Is(err, io.EOF) {
		r.syntax(err)
	}
	r.diagnostics.Sort()
	return root, r.diagnostics.Err()
}

// Get returns the value of key in a mapping, or nil.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for _, e := range n.Entries {
		if e.Key == key {
			return e.Value
		}
	}
	return nil
}

// Scalar returns the value of a scalar, or nil for lists, mappings and no node.
func (n *Node) Scalar() any {
	if n == nil {
		return nil
	}
	return n.Value
}

// Find follows a path of keys and indexes, as JSON pointers have them, and
// returns the deepest node on it that exists.
func (n *Node) Find(path ...string) *Node {
	for _, step := range path {
		next := n.Get(step)
		if i, err := strconv.Atoi(step); err == nil && n.Kind == Sequence && i >= 0 && i < len(n.Items) {
			next = n.Items[i]
		}
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

// Any returns the node as encoding/json would give it, but with numbers as
// int64, uint64 or float64.
func (n *Node) Any() any {
	switch n.Kind {
	case Sequence:
		list := make([]any, len(n.Items))
		for i, item := range n.Items {
			list[i] = item.Any()
		}
		return list
	case Mapping:
		m := make(map[string]any, len(n.Entries))
		for _, e := range n.Entries {
			m[e.Key] = e.Value.Any()
		}
		return m
	case Null, Bool, Int, Float, String:
	}
	return n.Value
}

// reader collects what is wrong with one file.
type reader struct {
	file        string
	diagnostics Diagnostics
}

func (r *reader) report(p Position, rule, message, hint string) {
	r.diagnostics = append(r.diagnostics, Diagnostic{File: r.file, Position: p, Rule: rule, Message: message, Hint: hint})
}

// checkText refuses what is too large or no text before anything parses it.
func (r *reader) checkText(data []byte) bool {
	if len(data) > MaxSize {
		r.report(Position{}, "MQ006", "the file is larger than 1 MiB", "split it")
		return false
	}
	line, column := 1, 1
	for i := 0; i < len(data); {
		c, size := utf8.DecodeRune(data[i:])
		if c == utf8.RuneError && size == 1 {
			r.report(Position{line, column}, "MQ001", "the file is not valid UTF-8", "")
			return false
		}
		if unicode.IsControl(c) && c != '\n' && c != '\r' && c != '\t' || c == '\uFEFF' {
			r.report(Position{line, column}, "MQ001", fmt.Sprintf("control character %U", c), `write it as an escape in a "quoted" string`)
			return false
		}
		if i, column = i+size, column+1; c == '\n' {
			line, column = line+1, 1
		}
	}
	return true
}

var errorLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntax reports the library's error, which names a line unless it is the first.
func (r *reader) syntax(err error) {
	text := err.Error()
	p, hint := Position{1, 1}, ""
	if m := errorLine.FindStringSubmatch(text); m != nil && m[1] != "" {
		p.Line, _ = strconv.Atoi(m[1])
	}
	if strings.Contains(text, "expected alphabetic or numeric") {
		hint = "quote a text that starts with * or &"
	}
	r.report(p, "MQ001", "this is not valid YAML: "+errorLine.ReplaceAllString(text, ""), hint)
}

// node converts the library's tree.
func (r *reader) node(n *yaml.Node, depth int) *Node {
	out := &Node{Position: at(n)}
	switch {
	case len(r.diagnostics) >= maxDiagnostics:
	case depth > MaxDepth:
		r.report(out.Position, "MQ006", fmt.Sprintf("nested more than %d levels deep", MaxDepth), "flatten it")
	case n.Kind == yaml.AliasNode:
		r.report(out.Position, "MQ002", "aliases are not allowed", "repeat the value, or quote a text that starts with *")
	case n.Anchor != "":
		r.report(out.Position, "MQ002", "anchors are not allowed", "repeat the value, or quote a text that starts with &")
	case n.Style&yaml.TaggedStyle != 0:
		r.report(out.Position, "MQ002", "tags are not allowed", "leave it out, or quote a text that starts with !")
	case n.Kind == yaml.SequenceNode:
		out.Kind, out.Items = Sequence, make([]*Node, 0, len(n.Content))
		for _, item := range n.Content {
			out.Items = append(out.Items, r.node(item, depth+1))
		}
	case n.Kind == yaml.MappingNode:
		r.mapping(out, n.Content, depth)
	default:
		r.scalar(out, n)
	}
	return out
}

func (r *reader) mapping(out *Node, content []*yaml.Node, depth int) {
	out.Kind, out.Entries = Mapping, make([]Entry, 0, len(content)/2)
	seen := make(map[string]bool, len(content)/2)
	for i := 0; i+1 < len(content) && len(r.diagnostics) < maxDiagnostics; i += 2 {
		key := content[i]
		switch plain := key.Kind == yaml.ScalarNode && key.Anchor == "" && key.Style&yaml.TaggedStyle == 0; {
		case plain && key.ShortTag() == "!!merge":
			r.report(at(key), "MQ002", "merge keys are not allowed", "repeat the keys")
		case !plain:
			r.report(at(key), "MQ002", "only plain keys are allowed", "quote the key")
		case seen[key.Value]:
			r.report(at(key), "MQ003", fmt.Sprintf("key %q is given twice", key.Value), "keep one")
		default:
			seen[key.Value] = true
			out.Entries = append(out.Entries, Entry{Key: key.Value, Position: at(key), Value: r.node(content[i+1], depth+1)})
		}
	}
}

// scalar gives out the value of n. Days and times are strings here.
func (r *reader) scalar(out *Node, n *yaml.Node) {
	var err error
	switch n.ShortTag() {
	case "!!null":
	case "!!bool":
		out.Kind, out.Value = Bool, strings.EqualFold(n.Value, "true")
	case "!!int":
		var i int64
		if err = n.Decode(&i); err == nil {
			out.Kind, out.Value = Int, i
			return
		}
		var u uint64
		err = n.Decode(&u)
		out.Kind, out.Value = Int, u
	case "!!float":
		var f float64
		err = n.Decode(&f)
		out.Kind, out.Value = Float, f
	default:
		out.Kind, out.Value = String, n.Value
	}
	if err != nil {
		r.report(out.Position, "MQ001", "this number is out of range", "put it in quotes if it is a text")
	}
}

func at(n *yaml.Node) Position { return Position{n.Line, n.Column} }
