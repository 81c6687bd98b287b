package catalog

import (
	"crypto/sha256"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/governance/descriptor"
)

// contract is one ODCS contract: a major version of a product.
type contract struct {
	file    string // under the domain's URI
	digest  digest // of the file
	product string
	major   int
	version string
	status  string
	title   string
	strict  bool

	purpose, limitations, usage string

	tags    []string
	objects []*object
	server  *server // nil if none is given
}

// object is one schema object of a contract: a relation.
type object struct {
	at          descriptor.Position
	name        string
	physical    string
	title       string
	description string
	tags        []string
	columns     []Column
}

// server is the one of the contract's servers that is read.
type server struct {
	at       descriptor.Position
	kind     string // s3 or local
	location string // s3: URI; local: path relative to the contract
	endpoint string
}

// Statuses of a contract. Only active and deprecated ones have the product's
// plain name; a draft must be named by its major; others are not served.
const (
	statusActive     = "active"
	statusDeprecated = "deprecated"
	statusDraft      = "draft"
)

var (
	contractStatuses = []string{"proposed", statusDraft, statusActive, statusDeprecated, "retired"}
	majorFolder      = regexp.MustCompile(`^v(0|[1-9][0-9]{0,5})$`)
	semanticVersion  = regexp.MustCompile(`^v?(0|[1-9][0-9]{0,5})(\.(0|[1-9][0-9]*)){0,2}([-+][0-9A-Za-z.+-]+)?$`)
)

// Caps on one contract.
const (
	maxColumns = 4096 // of a relation
	maxObjects = 256
)

// readContract reads the contract at file of the given domain. The folder names
// decide product and major.
func readContract(data []byte, file, domain string) (*contract, Diagnostics) {
	root, err := descriptor.Parse(data, file)
	if err != nil {
		return nil, diagnosticsOf(err, file)
	}
	if root.Kind != descriptor.Mapping {
		return nil, Diagnostics{{File: file, Position: root.Position, Rule: "MQ301", Message: "this is no ODCS contract", Hint: "start with apiVersion, kind, id, version and status"}}
	}
	if v := root.Get("apiVersion"); v != nil && v.Value == "v3.2.0" {
		v.Value = "v3.1.0" // taken where its fields are 3.1's
	}
	if ds := checkSchema(root, file, "contract"); ds.Err() != nil {
		return nil, ds
	}
	r := &contractReader{diagnoser: diagnoser{file: file}, contract: &contract{file: file, digest: sha256.Sum256(data)}}
	r.identity(root, domain)
	r.texts(root)
	objects := items(root, "schema")
	if len(objects) > maxObjects {
		r.errorf(root.Get("schema").Position, "MQ304", "split the product", "the contract has more than %d schema objects", maxObjects)
		objects = nil
	}
	for _, n := range objects {
		r.object(n)
	}
	if len(objects) == 0 {
		r.errorf(root.Position, "MQ304", "describe the product's columns under schema", "the contract has no schema")
	}
	r.servers(root)
	return r.contract, r.done()
}

type contractReader struct {
	diagnoser
	*contract
}

// identity reads what says which contract this is, and holds it against the
// folders.
func (r *contractReader) identity(root *descriptor.Node, domain string) {
	folder := path.Dir(r.contract.file)
	m := majorFolder.FindStringSubmatch(path.Base(folder))
	r.product = path.Base(path.Dir(folder))
	if m == nil || !domainName.MatchString(r.product) {
		r.errorf(root.Position, "MQ302", "put it at products/<product>/v<major>/contract.odcs.yaml; "+nameHint,
			"the folders do not name a product and a major version")
		return
	}
	r.major, _ = strconv.Atoi(m[1])
	r.version = text(root, "version")
	if v := semanticVersion.FindStringSubmatch(r.version); v == nil {
		r.errorf(root.Get("version").Position, "MQ303", "write it as 1.2.0", "this is no semantic version")
	} else if v[1] != m[1] {
		r.errorf(root.Get("version").Position, "MQ302", "move it to the folder v"+v[1], "version %s stands in the folder of major %d", r.version, r.major)
	}
	r.status = text(root, "status")
	if !slices.Contains(contractStatuses, r.status) {
		r.errorf(root.Get("status").Position, "MQ303", oneOf(r.status, contractStatuses), "this is no status of a contract")
	}
	if n := root.Get("domain"); n != nil && domain != "" && n.Value != domain {
		r.errorf(n.Position, "MQ302", "make them agree", "the contract names another domain than %q, where it stands", domain)
	}
	if n := root.Get("dataProduct"); n != nil && n.Value != r.product {
		r.errorf(n.Position, "MQ302", "make them agree", "the contract names another product than %q, its folder", r.product)
	}
}

// oneOf is a hint for a word that is none of a list.
func oneOf(word string, list []string) string {
	if near := descriptor.DidYouMean(word, list); near != "" {
		return near
	}
	return "one of " + strings.Join(list, ", ")
}

func (r *contractReader) texts(root *descriptor.Node) {
	r.title, r.tags = text(root, "name"), texts(root, "tags")
	d := root.Get("description")
	r.purpose, r.limitations, r.usage = text(d, "purpose"), text(d, "limitations"), text(d, "usage")
	for _, p := range items(root, "customProperties") {
		name, value := text(p, "property"), p.Get("value")
		if !strings.HasPrefix(name, "meshql.") {
			continue
		}
		switch name {
		case "meshql.strict":
			strict, ok := value.Scalar().(bool)
			if !ok {
				r.errorf(value.Position, "MQ305", "", "meshql.strict must be true or false")
			}
			r.strict = strict
		case "meshql.inputs", "meshql.transformation":
		default:
			r.errorf(p.Position, "MQ305", oneOf(name, []string{"meshql.strict", "meshql.inputs", "meshql.transformation"}), "meshql knows no property %q", name)
		}
	}
}

// object reads one schema object.
func (r *contractReader) object(n *descriptor.Node) {
	o := &object{
		at: n.Position, name: text(n, "name"), physical: text(n, "physicalName"), title: text(n, "businessName"),
		description: text(n, "description"), tags: texts(n, "tags"),
	}
	for _, other := range r.objects {
		if strings.EqualFold(other.name, o.name) {
			r.errorf(n.Position, "MQ306", "", "schema object %q is given twice", o.name)
		}
	}
	properties := items(n, "properties")
	if len(properties) == 0 || len(properties) > maxColumns {
		r.errorf(n.Position, "MQ304", "", "schema object %q must have 1 to %d properties", o.name, maxColumns)
		return
	}
	seen := map[string]bool{}
	for _, p := range properties {
		c, ok := r.column(p)
		if !ok {
			continue
		}
		if folded := strings.ToLower(c.Name); seen[folded] {
			r.errorf(p.Position, "MQ307", "names of columns differ by more than case", "column %q is given twice", c.Name)
		} else {
			seen[folded] = true
		}
		o.columns = append(o.columns, c)
	}
	if len(o.columns) == 0 {
		r.errorf(n.Position, "MQ304", "", "schema object %q has no property that can be read", o.name)
	}
	r.keys(n, o)
	r.relationships(n, o)
	r.objects = append(r.objects, o)
}

// column reads one property; false if it is no column.
func (r *contractReader) column(n *descriptor.Node) (Column, bool) {
	c := Column{
		Column:   connectors.Column{Name: text(n, "name")},
		Physical: text(n, "physicalName"), Title: text(n, "businessName"), Description: text(n, "description"),
		Tags: texts(n, "tags"), Classification: text(n, "classification"), Unique: truth(n, "unique"),
	}
	if c.Physical == "" {
		c.Physical = c.Name
	}
	if c.Name == "" || strings.ContainsFunc(c.Name+c.Physical, unicode.IsControl) {
		r.errorf(n.Position, "MQ308", "", "a column needs a name without control characters")
		return c, false
	}
	logical := n.Get("logicalType")
	if logical == nil {
		r.errorf(n.Position, "MQ309", "give it one: string, integer, number, boolean, date, time or timestamp", "column %q has no logicalType", c.Name)
		return c, false
	}
	if logical.Value == "object" || logical.Value == "array" {
		r.warnf(logical.Position, "MQ310", "", "column %q is nested and is left out", c.Name)
		return c, false
	}
	options := n.Get("logicalTypeOptions")
	d := declared{
		logical: text(n, "logicalType"), physical: text(n, "physicalType"),
		format: text(options, "format"), zoned: truth(options, "timezone"),
	}
	d.maxLen, _ = options.Get("maxLength").Scalar().(int64)
	t, err := d.mysqlType()
	if err != nil {
		r.errorf(logical.Position, "MQ309", "", "column %q: %s", c.Name, err)
		return c, false
	}
	t.NotNull = truth(n, "required")
	c.Type = t
	return c, true
}

// keys numbers the columns of the primary key: those with a position first, in
// its order, then the others in the contract's.
func (r *contractReader) keys(n *descriptor.Node, o *object) {
	type part struct {
		position int64
		column   *Column
	}
	var parts []part
	for _, p := range items(n, "properties") {
		if !truth(p, "primaryKey") {
			continue
		}
		i := slices.IndexFunc(o.columns, func(c Column) bool { return c.Name == text(p, "name") })
		if i < 0 {
			continue
		}
		position, ok := p.Get("primaryKeyPosition").Scalar().(int64)
		if !ok || position < 1 {
			position = maxColumns + 1
		}
		parts = append(parts, part{position, &o.columns[i]})
	}
	slices.SortStableFunc(parts, func(a, b part) int { return int(min(a.position, maxColumns+1) - min(b.position, maxColumns+1)) })
	for i, p := range parts {
		p.column.PrimaryKey = i + 1
	}
}

// relationships reads references to other products: "product.column" within the
// domain, or "domain/…/products/product/…" which only people follow. They are
// hints, so one that points nowhere is no error.
func (r *contractReader) relationships(n *descriptor.Node, o *object) {
	refer := func(from, to string) {
		i := slices.IndexFunc(o.columns, func(c Column) bool { return strings.EqualFold(c.Name, from) })
		if ref, ok := reference(to); ok && i >= 0 {
			o.columns[i].References = append(o.columns[i].References, ref)
		}
	}
	for _, p := range items(n, "properties") {
		for _, relationship := range items(p, "relationships") {
			refer(text(p, "name"), text(relationship, "to"))
		}
	}
	for _, relationship := range items(n, "relationships") {
		from, to := texts(relationship, "from"), texts(relationship, "to")
		if f := text(relationship, "from"); f != "" {
			from, to = []string{f}, []string{text(relationship, "to")}
		}
		for i := range min(len(from), len(to)) {
			_, column, _ := strings.Cut(from[i], ".")
			refer(column, to[i])
		}
	}
}

// externalReference is a fully qualified reference into another contract of the
// mesh, by its place: ../../../../customers/products/profiles/v1/contract.odcs.yaml#schema/profiles/properties/id.
var externalReference = regexp.MustCompile(`(?:^|/)([a-z][a-z0-9_]*)/products/([a-z][a-z0-9_]*)/v[0-9]+/[^/#]+#/?schema/[^/]+/properties/([^/]+)$`)

func reference(to string) (Reference, bool) {
	if m := externalReference.FindStringSubmatch(to); m != nil {
		return Reference{Domain: m[1], Product: m[2], Column: m[3]}, true
	}
	product, column, ok := strings.Cut(to, ".")
	if !ok || strings.Contains(to, "/") {
		return Reference{}, false
	}
	return Reference{Product: product, Column: column}, true
}

// servers picks the server named prod, else the first.
func (r *contractReader) servers(root *descriptor.Node) {
	all := items(root, "servers")
	if len(all) == 0 {
		r.errorf(root.Position, "MQ311", "add one of type s3 with location, or of type local with path", "the contract has no servers")
		return
	}
	chosen := all[0]
	if i := slices.IndexFunc(all, func(n *descriptor.Node) bool { return text(n, "server") == "prod" }); i >= 0 {
		chosen = all[i]
	}
	s := &server{at: chosen.Position, kind: text(chosen, "type"), endpoint: text(chosen, "endpointUrl")}
	switch s.kind {
	case "s3":
		s.location = text(chosen, "location")
	case "local":
		s.location = text(chosen, "path")
	default:
		r.errorf(chosen.Position, "MQ312", "use type s3 or local", "a server of this type cannot be read")
		return
	}
	if format := text(chosen, "format"); format != "" && format != "parquet" {
		r.errorf(chosen.Get("format").Position, "MQ312", "publish Parquet", "data in the format %q cannot be read", format)
		return
	}
	r.server = s
}

// text returns the string at key, or "".
func text(n *descriptor.Node, key string) string {
	s, _ := n.Get(key).Scalar().(string)
	return s
}

func truth(n *descriptor.Node, key string) bool {
	b, _ := n.Get(key).Scalar().(bool)
	return b
}

func items(n *descriptor.Node, key string) []*descriptor.Node {
	if list := n.Get(key); list != nil {
		return list.Items
	}
	return nil
}

func texts(n *descriptor.Node, key string) []string {
	var all []string
	for _, item := range items(n, key) {
		if s, ok := item.Value.(string); ok {
			all = append(all, s)
		}
	}
	return all
}

// String names the contract for people.
func (c *contract) String() string { return fmt.Sprintf("%s v%d", c.product, c.major) }
