package catalog

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/meshql/meshql/governance/descriptor"
)

//go:embed schema/*.json
var schemaFiles embed.FS

// Schemas are the names of the JSON schemas of the mesh's files.
var schemaNames = map[string]string{
	"mesh":     "schema/mesh.schema.json",
	"identity": "schema/identity.schema.json",
	"domain":   "schema/domain.schema.json",
	"policies": "schema/policies.schema.json",
	"index":    "schema/index.schema.json",
	"contract": "schema/odcs-v3.1.0.schema.json",
}

// Schema returns the JSON schema of a kind of file: mesh, identity, domain,
// policies, index or contract.
func Schema(kind string) ([]byte, error) {
	name, ok := schemaNames[kind]
	if !ok {
		return nil, fmt.Errorf("there is no schema of %q", kind)
	}
	return schemaFiles.ReadFile(name)
}

// schema is a compiled JSON schema with the keys that it knows, for hints.
type schema struct {
	*jsonschema.Schema
	keys []string
}

// schemas compiles all of them, once.
var schemas = sync.OnceValues(func() (map[string]*schema, error) {
	compiled := make(map[string]*schema, len(schemaNames))
	for name, file := range schemaNames {
		data, err := schemaFiles.ReadFile(file)
		if err != nil {
			return nil, err
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		c := jsonschema.NewCompiler()
		c.UseLoader(jsonschema.SchemeURLLoader{})
		if err := c.AddResource(file, document); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		s, err := c.Compile(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		keys := map[string]bool{}
		collectKeys(document, keys)
		compiled[name] = &schema{s, slices.Sorted(maps.Keys(keys))}
	}
	return compiled, nil
})

// collectKeys gathers the names under every "properties".
func collectKeys(v any, keys map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		if properties, ok := v["properties"].(map[string]any); ok {
			for name := range properties {
				keys[name] = true
			}
		}
		for _, child := range v {
			collectKeys(child, keys)
		}
	case []any:
		for _, child := range v {
			collectKeys(child, keys)
		}
	}
}

// read parses a file, decodes it strictly and holds it against its schema.
func read(data []byte, file, schema string, into any) Diagnostics {
	root, err := descriptor.Parse(data, file)
	if err == nil {
		err = root.Decode(file, into)
	}
	if err != nil {
		return diagnosticsOf(err, file)
	}
	return checkSchema(root, file, schema)
}

// diagnosticsOf returns err as diagnostics.
func diagnosticsOf(err error, file string) Diagnostics {
	var ds Diagnostics
	if errors.As(err, &ds) {
		return ds
	}
	return Diagnostics{{File: file, Rule: "MQ000", Message: err.Error()}}
}

// checkSchema holds a file against a JSON schema. Messages never quote a value.
func checkSchema(root *descriptor.Node, file, name string) Diagnostics {
	all, err := schemas()
	if err != nil {
		return diagnosticsOf(err, file)
	}
	d := &diagnoser{file: file}
	if n := nonFinite(root); n != nil {
		d.errorf(n.Position, "MQ005", "", "this must be a finite number")
		return d.found
	}
	var invalid *jsonschema.ValidationError
	if errors.As(all[name].Validate(root.Any()), &invalid) {
		v := &violations{diagnoser: d, root: root, keys: all[name].keys}
		v.walk(invalid)
		v.finish()
	}
	return d.done()
}

func nonFinite(n *descriptor.Node) *descriptor.Node {
	if f, ok := n.Value.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
		return n
	}
	for _, item := range n.Items {
		if found := nonFinite(item); found != nil {
			return found
		}
	}
	for _, e := range n.Entries {
		if found := nonFinite(e.Value); found != nil {
			return found
		}
	}
	return nil
}

// violations turns the validator's tree of errors into diagnostics.
type violations struct {
	*diagnoser
	root *descriptor.Node
	keys []string
	// known are keys that the schema knows, but not there. When anything else is
	// wrong beside them they are its consequence: a part of the schema that fails
	// evaluates no keys.
	known []descriptor.Diagnostic
}

func (v *violations) walk(e *jsonschema.ValidationError) {
	at := e.InstanceLocation
	node := v.root.Find(at...)
	switch k := e.ErrorKind.(type) {
	case *kind.OneOf, *kind.AnyOf, *kind.Not:
		v.errorf(node.Position, "MQ008", "see the schema of this kind of file", "%s has none of the forms that are allowed", fieldAt(at))
		return
	case *kind.FalseSchema:
		if len(at) > 0 {
			v.unknown(v.root.Find(at[:len(at)-1]...), at[len(at)-1])
		}
	case *kind.AdditionalProperties:
		for _, key := range k.Properties {
			v.unknown(node, key)
		}
	case *kind.Required:
		for _, key := range k.Missing {
			v.errorf(node.Position, "MQ007", "", "field %q is missing", key)
		}
	case *kind.Type:
		hint := ""
		if slices.Contains(k.Want, "string") && node.Kind != descriptor.Mapping && node.Kind != descriptor.Sequence {
			hint = "put it in quotes"
		}
		v.errorf(node.Position, "MQ005", hint, "%s must be of type %s", fieldAt(at), strings.Join(k.Want, " or "))
	case *kind.Enum:
		want := make([]string, len(k.Want))
		for i, w := range k.Want {
			want[i] = fmt.Sprint(w)
		}
		hint := "allowed: " + strings.Join(want, ", ")
		if text, ok := node.Value.(string); ok {
			if near := descriptor.DidYouMean(text, want); near != "" {
				hint = near
			}
		}
		v.errorf(node.Position, "MQ009", hint, "%s has a value that is not allowed", fieldAt(at))
	case *kind.Const:
		v.errorf(node.Position, "MQ009", "", "%s must be %v", fieldAt(at), k.Want)
	case *kind.Pattern:
		v.errorf(node.Position, "MQ009", "it must match "+k.Want, "%s is not in the form that is wanted", fieldAt(at))
	default:
		if len(e.Causes) == 0 {
			v.errorf(node.Position, "MQ008", "", "%s breaks the schema's rule %s", fieldAt(at), strings.Join(e.ErrorKind.KeywordPath(), "/"))
		}
	}
	for _, cause := range e.Causes {
		v.walk(cause)
	}
}

// unknown reports a key of parent.
func (v *violations) unknown(parent *descriptor.Node, key string) {
	at := parent.Position
	for _, e := range parent.Entries {
		if e.Key == key {
			at = e.Position
		}
	}
	one := descriptor.Diagnostic{
		File: v.file, Position: at, Rule: "MQ012", Message: fmt.Sprintf("unknown field %q", key),
		Hint: descriptor.DidYouMean(key, v.keys),
	}
	if slices.Contains(v.keys, key) {
		one.Message, one.Hint = fmt.Sprintf("field %q does not belong here", key), ""
		v.known = append(v.known, one)
		return
	}
	v.found = append(v.found, one)
}

func (v *violations) finish() {
	if len(v.found) == 0 {
		v.found = v.known
	}
}

// fieldAt names a field by its last keys.
func fieldAt(path []string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if strings.Trim(path[i], "0123456789") != "" {
			return fmt.Sprintf("field %q", path[i])
		}
	}
	return "the file"
}
