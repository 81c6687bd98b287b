package descriptor

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
)

// Unmarshaler is implemented by types that read themselves from a node. An
// error that is no Diagnostics is reported at the node.
type Unmarshaler interface{ UnmarshalNode(n *Node) error }

// Text is a string that knows where it stands.
type Text struct {
	Position
	Text string
}

// UnmarshalNode takes a string.
func (t *Text) UnmarshalNode(n *Node) error {
	s, ok := n.Value.(string)
	if !ok {
		return mismatch("a string", n)
	}
	t.Position, t.Text = n.Position, s
	return nil
}

// Errorf returns an error that Decode reports at the node, with a rule and a
// hint of the caller's.
func (n *Node) Errorf(rule, hint, format string, args ...any) error {
	return Diagnostics{{Position: n.Position, Rule: rule, Hint: hint, Message: fmt.Sprintf(format, args...)}}
}

// Decode reads one YAML document into what the pointer points to; the error is
// Diagnostics, and then *into is partly filled. A file without a document
// leaves it as it is.
//
// Structs take the keys of their `yaml:"key"` tags, `yaml:"key,required"` where
// one must be given; an embedded Position receives where the mapping stands,
// and other fields without a tag are left alone. Null is as absent. Strings
// take only strings: 1.10 for a version must be quoted.
func Decode(data []byte, file string, into any) error {
	n, err := Parse(data, file)
	if err != nil {
		return err
	}
	return n.Decode(file, into)
}

// Decode is [Decode] on a node that was parsed from file.
func (n *Node) Decode(file string, into any) error {
	d := &decoder{reader{file: file}}
	d.value(n, reflect.ValueOf(into).Elem())
	d.diagnostics.Sort()
	return d.diagnostics.Err()
}

type decoder struct{ reader }

var (
	positionType = reflect.TypeFor[Position]()
	nodeType     = reflect.TypeFor[*Node]()
)

// value stores n in v.
func (d *decoder) value(n *Node, v reflect.Value) {
	if v.Type() == nodeType {
		v.Set(reflect.ValueOf(n))
		return
	}
	if u, ok := v.Addr().Interface().(Unmarshaler); ok {
		d.fail(n, u.UnmarshalNode(n))
		return
	}
	if n.Kind == Null {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem())
	case reflect.Interface:
		v.Set(reflect.ValueOf(n.Any()))
	case reflect.Struct:
		d.structure(n, v)
	case reflect.Map:
		d.mapping(n, v)
	case reflect.Slice:
		if n.Kind != Sequence {
			d.fail(n, mismatch("a list", n))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), len(n.Items), len(n.Items)))
		for i, item := range n.Items {
			d.value(item, v.Index(i))
		}
	default:
		d.fail(n, scalar(n, v))
	}
}

// fail reports err at n.
func (d *decoder) fail(n *Node, err error) {
	if err == nil {
		return
	}
	var ds Diagnostics
	if !errors.As(err, &ds) {
		ds = Diagnostics{{Position: n.Position, Rule: "MQ005", Message: err.Error()}}
	}
	for _, one := range ds {
		one.File = d.file
		d.diagnostics = append(d.diagnostics, one)
	}
}

func (d *decoder) structure(n *Node, v reflect.Value) {
	if n.Kind != Mapping {
		d.fail(n, mismatch("a mapping", n))
		return
	}
	fields := map[string]reflect.Value{}
	var names, required []string
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case f.Anonymous && f.Type == positionType:
			v.Field(i).Set(reflect.ValueOf(n.Position))
		case name != "":
			fields[name], names = v.Field(i), append(names, name)
			if options == "required" {
				required = append(required, name)
			}
		}
	}
	for _, e := range n.Entries {
		f, ok := fields[e.Key]
		if !ok {
			d.report(e.Position, "MQ004", fmt.Sprintf("unknown key %q", e.Key), unknownKeyHint(e.Key, names))
			continue
		}
		d.value(e.Value, f)
	}
	for _, name := range required {
		if v := n.Get(name); v == nil || v.Kind == Null {
			d.report(n.Position, "MQ007", fmt.Sprintf("key %q is missing", name), "")
		}
	}
}

func unknownKeyHint(key string, names []string) string {
	if hint := DidYouMean(key, names); hint != "" {
		return hint
	}
	return "allowed: " + strings.Join(names, ", ")
}

func (d *decoder) mapping(n *Node, v reflect.Value) {
	if n.Kind != Mapping {
		d.fail(n, mismatch("a mapping", n))
		return
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(n.Entries)))
	for _, e := range n.Entries {
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(e.Value, item)
		v.SetMapIndex(reflect.ValueOf(e.Key).Convert(v.Type().Key()), item)
	}
}

// scalar stores a string, number or boolean.
func scalar(n *Node, v reflect.Value) error {
	switch v.Kind() {
	case reflect.String:
		s, ok := n.Value.(string)
		if !ok {
			return mismatch("a string", n)
		}
		v.SetString(s)
	case reflect.Bool:
		b, ok := n.Value.(bool)
		if !ok {
			return mismatch("true or false", n)
		}
		v.SetBool(b)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		i, ok := n.Value.(int64)
		if !ok || v.OverflowInt(i) {
			return mismatch("an integer", n)
		}
		v.SetInt(i)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		u, ok := n.Value.(uint64)
		if i, isInt := n.Value.(int64); isInt && i >= 0 {
			u, ok = uint64(i), true
		}
		if !ok || v.OverflowUint(u) {
			return mismatch("a whole number", n)
		}
		v.SetUint(u)
	case reflect.Float32, reflect.Float64:
		switch x := n.Value.(type) {
		case int64:
			v.SetFloat(float64(x))
		case uint64:
			v.SetFloat(float64(x))
		case float64:
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return mismatch("a finite number", n)
			}
			v.SetFloat(x)
		default:
			return mismatch("a number", n)
		}
	default:
		return fmt.Errorf("descriptor: no YAML value fits a Go %s", v.Type())
	}
	return nil
}

// mismatch says that n is not what was wanted, without quoting its value, which
// may be a password.
func mismatch(want string, n *Node) error {
	hint := ""
	if want == "a string" && n.Kind > Null && n.Kind < String {
		hint = "put it in quotes"
	}
	return n.Errorf("MQ005", hint, "this must be %s, not %s", want, n.Kind)
}
