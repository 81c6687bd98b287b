package descriptor

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Limits of a file.
const (
	MaxSize  = 1 << 20 // bytes
	MaxDepth = 32      // levels of mappings and sequences
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
func Parse(data []byte, file string) (n *Node, err error) {
	p := &reader{file: file}
	// The library's parser has been seen to panic on malformed files.
	defer func() {
		if recover() != nil {
			p.report(Position{}, "MQ001", "the file is not valid YAML", "")
			n, err = nil, p.diagnostics
		}
	}()
	if !p.checkText(data) {
		return nil, p.diagnostics
	}
	tokens := lexer.Tokenize(string(data))
	if p.checkTokens(tokens); len(p.diagnostics) > 0 {
		return nil, p.diagnostics
	}
	f, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		p.syntax(err)
		return nil, p.diagnostics
	}
	root := &Node{Position: Position{1, 1}}
	for i, doc := range f.Docs {
		if i > 0 {
			p.report(at(doc.GetToken()), "MQ002", "the file holds more than one YAML document", "keep one")
			break
		}
		if doc.Body != nil {
			root = p.node(doc.Body, 1)
		}
	}
	p.diagnostics.Sort()
	return root, p.diagnostics.Err()
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

// checkTokens refuses what this package does not take and what would nest too
// deeply, before the recursive parser sees it.
func (r *reader) checkTokens(tokens token.Tokens) {
	var block []int // columns at which open block collections start
	var flow []int  // colons since the last comma in each open flow collection
	headers := 0
	for i, t := range tokens {
		column := t.Position.Column
		switch t.Type {
		case token.DocumentHeaderType:
			if headers++; headers > 1 {
				r.report(at(t), "MQ002", "the file holds more than one YAML document", "keep one")
			}
		case token.AnchorType:
			r.report(at(t), "MQ002", "anchors are not allowed", "repeat the value, or quote a text that starts with &")
		case token.AliasType:
			r.report(at(t), "MQ002", "aliases are not allowed", "repeat the value, or quote a text that starts with *")
		case token.TagType:
			r.report(at(t), "MQ002", "tags are not allowed", "leave it out, or quote a text that starts with !")
		case token.MergeKeyType:
			r.report(at(t), "MQ002", "merge keys are not allowed", "repeat the keys")
		case token.DirectiveType:
			r.report(at(t), "MQ002", "directives are not allowed", "leave it out, or quote a text that starts with %")
		case token.SequenceStartType, token.MappingStartType:
			flow = append(flow, 0)
		case token.SequenceEndType, token.MappingEndType:
			flow = flow[:max(0, len(flow)-1)]
		case token.CollectEntryType:
			if len(flow) > 0 {
				flow[len(flow)-1] = 0
			}
		case token.MappingValueType, token.MappingKeyType, token.SequenceEntryType:
			if len(flow) > 0 {
				flow[len(flow)-1]++
				break
			}
			if t.Type == token.MappingValueType && i > 0 {
				column = tokens[i-1].Position.Column
			}
			for len(block) > 0 && block[len(block)-1] > column {
				block = block[:len(block)-1]
			}
			if len(block) == 0 || block[len(block)-1] < column || t.Type == token.SequenceEntryType {
				block = append(block, column)
			}
		}
		depth := len(block) + len(flow)
		for _, colons := range flow {
			depth += max(0, colons-1)
		}
		if depth > 2*MaxDepth {
			r.tooDeep(at(t))
		}
		if len(r.diagnostics) >= 20 {
			return
		}
	}
}

func (r *reader) tooDeep(p Position) {
	r.report(p, "MQ006", fmt.Sprintf("nested more than %d levels deep", MaxDepth), "flatten it")
}

// syntax reports the library's error, without the excerpt that it would print.
func (r *reader) syntax(err error) {
	var located yaml.Error
	if errors.As(err, &located) {
		r.report(at(located.GetToken()), "MQ001", located.GetMessage(), "")
		return
	}
	r.report(Position{}, "MQ001", "the file is not valid YAML", "")
}

// node converts the library's tree.
func (r *reader) node(n ast.Node, depth int) *Node {
	out := &Node{Position: at(n.GetToken())}
	if depth > MaxDepth {
		r.tooDeep(out.Position)
		return out
	}
	switch n := n.(type) {
	case *ast.NullNode:
	case *ast.BoolNode:
		out.Kind, out.Value = Bool, n.Value
	case *ast.IntegerNode:
		out.Kind, out.Value = Int, n.Value
		if u, ok := n.Value.(uint64); ok && u < 1<<63 {
			out.Value = int64(u)
		}
	case *ast.FloatNode:
		out.Kind, out.Value = Float, n.Value
	case *ast.InfinityNode:
		out.Kind, out.Value = Float, n.Value
	case *ast.NanNode:
		out.Kind, out.Value = Float, math.NaN()
	case *ast.StringNode:
		out.Kind, out.Value = String, n.Value
	case *ast.LiteralNode:
		out.Kind, out.Value = String, n.Value.Value
	case *ast.SequenceNode:
		out.Kind, out.Items = Sequence, make([]*Node, 0, len(n.Values))
		for _, v := range n.Values {
			out.Items = append(out.Items, r.node(v, depth+1))
		}
	case *ast.MappingNode:
		r.mapping(out, n.Values, depth)
	case *ast.MappingValueNode:
		r.mapping(out, []*ast.MappingValueNode{n}, depth)
	default:
		r.report(out.Position, "MQ002", "this form of YAML is not allowed", "write plain mappings, lists and scalars")
	}
	return out
}

func (r *reader) mapping(out *Node, values []*ast.MappingValueNode, depth int) {
	out.Kind, out.Entries = Mapping, make([]Entry, 0, len(values))
	seen := make(map[string]bool, len(values))
	for i, v := range values {
		key := v.Key.GetToken()
		pos := at(key)
		if i == 0 {
			out.Position = pos
		}
		var name string
		switch k := v.Key.(type) {
		case *ast.StringNode:
			name = k.Value
		case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
			name = key.Value
		default:
			r.report(pos, "MQ002", "only plain keys are allowed", "quote the key")
			continue
		}
		if seen[name] {
			r.report(pos, "MQ003", fmt.Sprintf("key %q is given twice", name), "keep one")
			continue
		}
		seen[name] = true
		out.Entries = append(out.Entries, Entry{Key: name, Position: pos, Value: r.node(v.Value, depth+1)})
	}
}

func at(t *token.Token) Position {
	if t == nil || t.Position == nil {
		return Position{}
	}
	return Position{t.Position.Line, t.Position.Column}
}
