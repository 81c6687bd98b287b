package catalog

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/meshql/meshql/governance/descriptor"
)

//go:embed schema/*.json
var schemaFiles embed.FS

// schemaNames are the files of the JSON schemas of the mesh's files.
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

// read parses a file and decodes it strictly.
func read(data []byte, file string, into any) (*descriptor.Node, Diagnostics) {
	root, err := descriptor.Parse(data, file)
	if err == nil {
		err = root.Decode(file, into)
	}
	if err != nil {
		return nil, diagnosticsOf(err, file)
	}
	return root, nil
}

// finish holds a file in which nothing else was wrong against its JSON schema,
// and returns all that was found.
func (d *diagnoser) finish(root *descriptor.Node, schema string) Diagnostics {
	if d.found.Err() == nil {
		d.found = append(d.found, checkSchema(root, d.file, schema)...)
	}
	return d.done()
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
	document := root.Any()
	if errors.As(all[name].Validate(document), &invalid) {
		v := &violations{diagnoser: d, root: root, keys: all[name].keys}
		v.walk(invalid)
		if len(v.found) == 0 {
			v.found = v.misplaced(all[name], document)
		}
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
	known []misplacedKey
}

type misplacedKey struct {
	diagnostic descriptor.Diagnostic
	parent     []string
	key        string
}

func (v *violations) walk(e *jsonschema.ValidationError) {
	if len(v.found) > maxDiagnostics {
		return
	}
	at := e.InstanceLocation
	node := v.root.Find(at...)
	switch k := e.ErrorKind.(type) {
	case *kind.OneOf, *kind.AnyOf, *kind.Not:
		v.errorf(node.Position, "MQ008", "see the schema of this kind of file", "%s has none of the forms that are allowed", fieldAt(at))
		return
	case *kind.FalseSchema:
		if len(at) > 0 {
			v.unknown(at[:len(at)-1], at[len(at)-1])
		}
	case *kind.AdditionalProperties:
		for _, key := range k.Properties {
			v.unknown(at, key)
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

// unknown reports a key of the mapping at path.
func (v *violations) unknown(path []string, key string) {
	if len(v.found) > maxDiagnostics || len(v.known) > maxDiagnostics {
		return
	}
	parent := v.root.Find(path...)
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
		v.known = append(v.known, misplacedKey{one, path, key})
		return
	}
	v.found = append(v.found, one)
}

// maxMisplaced is for how many keys misplaced looks, each of which costs a
// validation.
const maxMisplaced = 16

// misplaced returns those of the known keys without which the document has fewer
// keys out of place: a key that does not belong makes its neighbours look so too.
func (v *violations) misplaced(s *schema, document any) Diagnostics {
	var culprits, all Diagnostics
	for _, k := range v.known {
		all = append(all, k.diagnostic)
	}
	if len(v.known) > maxMisplaced {
		return all
	}
	for _, k := range v.known {
		parent, ok := lookUp(document, k.parent).(map[string]any)
		if !ok {
			continue
		}
		value, given := parent[k.key]
		delete(parent, k.key)
		without := &violations{diagnoser: &diagnoser{}, root: v.root, keys: v.keys}
		var invalid *jsonschema.ValidationError
		if errors.As(s.Validate(document), &invalid) {
			without.walk(invalid)
		}
		if len(without.found) == 0 && len(without.known)+1 < len(v.known) || len(v.known) == 1 {
			culprits = append(culprits, k.diagnostic)
		}
		if given {
			parent[k.key] = value
		}
	}
	if len(culprits) == 0 {
		return all
	}
	return culprits
}

// lookUp follows a path of keys and indexes.
func lookUp(v any, path []string) any {
	for _, step := range path {
		switch x := v.(type) {
		case map[string]any:
			v = x[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
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
