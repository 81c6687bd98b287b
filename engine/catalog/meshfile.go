package catalog

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/meshql/meshql/governance"
	"github.com/meshql/meshql/governance/descriptor"
)

// meshFile is mesh.yaml.
type meshFile struct {
	descriptor.Position
	Mesh       descriptor.Text                 `yaml:"mesh,required"`
	Domains    map[string]*storageEntry        `yaml:"domains,required"`
	Guild      *guildEntry                     `yaml:"guild"`
	Policies   descriptor.Text                 `yaml:"policies"` // short form of guild.uri
	Identity   identityEntry                   `yaml:"identity,required"`
	Attributes map[string]governance.Attribute `yaml:"attributes"`
	Purposes   []string                        `yaml:"purposes"`
	Entities   map[string]entityEntry          `yaml:"entities"`
	HashKey    descriptor.Text                 `yaml:"hash_key"` // env:NAME
	Server     serverEntry                     `yaml:"server"`

	name string // of the file, for diagnostics
	dir  string // absolute; relative paths start here
}

// storageEntry says where a domain or the guild is.
type storageEntry struct {
	descriptor.Position
	URI         descriptor.Text   `yaml:"uri,required"`
	Endpoint    string            `yaml:"endpoint"`
	Region      string            `yaml:"region"`
	Credentials descriptor.Text   `yaml:"credentials"`
	Locations   []descriptor.Text `yaml:"locations"` // beyond the URI, where data may lie
}

type guildEntry struct {
	storage storageEntry
	Roles   []string
	governance.Settings
}

type identityEntry struct {
	File descriptor.Text `yaml:"file,required"`
}

type entityEntry struct {
	Format string `yaml:"format"`
}

type serverEntry struct {
	Listen string `yaml:"listen"`
	TLS    struct {
		Cert     string `yaml:"cert"`
		Key      string `yaml:"key"`
		Required bool   `yaml:"required"`
	} `yaml:"tls"`
	Limits struct {
		QueryMemory  byteSize `yaml:"query_memory"`
		QueryTimeout duration `yaml:"query_timeout"`
	} `yaml:"limits"`
}

// UnmarshalNode takes the storage keys beside roles and settings.
func (g *guildEntry) UnmarshalNode(n *descriptor.Node) error {
	var keys struct {
		descriptor.Position
		URI          descriptor.Text         `yaml:"uri,required"`
		Endpoint     string                  `yaml:"endpoint"`
		Region       string                  `yaml:"region"`
		Credentials  descriptor.Text         `yaml:"credentials"`
		Roles        []string                `yaml:"roles"`
		Unclassified governance.Unclassified `yaml:"unclassified"`
		Confidential []string                `yaml:"confidential"`
	}
	if err := n.Decode("", &keys); err != nil {
		return err
	}
	g.storage = storageEntry{
		Position: keys.Position, URI: keys.URI, Endpoint: keys.Endpoint,
		Region: keys.Region, Credentials: keys.Credentials,
	}
	g.Roles = keys.Roles
	g.Settings = governance.Settings{Unclassified: keys.Unclassified, Confidential: keys.Confidential}
	return nil
}

// byteSize is a number of bytes, written as 512MiB.
type byteSize int64

var sizeText = regexp.MustCompile(`^([0-9]{1,9})(B|KiB|MiB|GiB|TiB)$`)

// UnmarshalNode takes a whole number with a binary unit.
func (b *byteSize) UnmarshalNode(n *descriptor.Node) error {
	text, _ := n.Value.(string)
	m := sizeText.FindStringSubmatch(text)
	if m == nil {
		return n.Errorf("MQ205", "write it as 512MiB", "this is no size")
	}
	number, _ := strconv.ParseInt(m[1], 10, 64)
	shift := 10 * slices.Index([]string{"B", "KiB", "MiB", "GiB", "TiB"}, m[2])
	if number > (1<<62)>>shift || number == 0 {
		return n.Errorf("MQ205", "", "this size is out of range")
	}
	*b = byteSize(number << shift)
	return nil
}

// duration is written as Go writes it.
type duration time.Duration

// UnmarshalNode takes a positive duration.
func (d *duration) UnmarshalNode(n *descriptor.Node) error {
	text, _ := n.Value.(string)
	parsed, err := time.ParseDuration(text)
	if err != nil || parsed <= 0 {
		return n.Errorf("MQ205", "write it as 5m or 30s", "this is no duration")
	}
	*d = duration(parsed)
	return nil
}

var (
	// domainName is what domains and products may be called.
	domainName      = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	reservedDomains = []string{"mesh", "mysql", "sys", "information_schema", "performance_schema"}
	envReference    = regexp.MustCompile(`^env:([A-Za-z_][A-Za-z0-9_]*)$`)
)

// readMeshFile reads mesh.yaml and checks what needs no other file.
func readMeshFile(data []byte, name, dir string) (*meshFile, Diagnostics) {
	m := &meshFile{name: name, dir: dir}
	root, ds := read(data, name, m)
	if root == nil {
		return nil, ds
	}
	d := &diagnoser{file: name}
	if !domainName.MatchString(m.Mesh.Text) {
		d.errorf(m.Mesh.Position, "MQ201", nameHint, "%q is no name for a mesh", m.Mesh.Text)
	}
	for domain, entry := range sorted(m.Domains) {
		switch {
		case entry == nil:
			d.errorf(m.Position, "MQ007", "", "domain %q needs a uri", domain)
			continue
		case !domainName.MatchString(domain):
			d.errorf(entry.Position, "MQ201", nameHint, "%q is no name for a domain", domain)
		case slices.Contains(reservedDomains, domain):
			d.errorf(entry.Position, "MQ201", "", "the name %q is MySQL's or meshql's own", domain)
		}
		m.checkStorage(d, entry)
	}
	switch {
	case m.Guild != nil && m.Policies.Text != "":
		d.errorf(m.Policies.Position, "MQ202", "keep guild.uri", "policies and guild.uri say the same twice")
	case m.Guild == nil && m.Policies.Text != "":
		m.Guild = &guildEntry{storage: storageEntry{Position: m.Policies.Position, URI: m.Policies}}
	}
	if m.Guild != nil {
		m.checkStorage(d, &m.Guild.storage)
	}
	if m.HashKey.Text != "" && !envReference.MatchString(m.HashKey.Text) {
		d.errorf(m.HashKey.Position, ruleSecret, "write env:NAME; the key itself never stands in a file", "hash_key must name an environment variable")
	}
	if (m.Server.TLS.Cert == "") != (m.Server.TLS.Key == "") {
		d.errorf(m.Position, "MQ202", "give both or neither", "server.tls needs cert and key")
	}
	if found := d.finish(root, "mesh"); found.Err() != nil {
		return nil, found
	}
	return m, d.found
}

// ruleSecret is the rule that files hold references, not secrets.
const ruleSecret = "MQ203"

const nameHint = "use lower-case letters, digits and _, starting with a letter, 63 at most"

// checkStorage checks one place of the mesh.
func (m *meshFile) checkStorage(d *diagnoser, e *storageEntry) {
	if _, err := m.storage(e); err != nil {
		d.errorf(e.URI.Position, "MQ204", "write s3://bucket/prefix/ or file://./folder", "this is no place to read from: %s", err)
	}
	for _, l := range e.Locations {
		if _, err := m.resolve(l.Text); err != nil {
			d.errorf(l.Position, "MQ204", "write s3://bucket/prefix/ or file://./folder", "this is no place to read from: %s", err)
		}
	}
	switch c := e.Credentials.Text; {
	case c == "", c == "default", envReference.MatchString(c), strings.HasPrefix(c, "file:") && len(c) > len("file:"):
	default:
		d.errorf(e.Credentials.Position, ruleSecret, "write env:NAME, file:PATH or default", "credentials must be a reference; a secret never stands in a file")
	}
}

// Storage is one place that is read under one set of credentials.
type Storage struct {
	URI         string // file:///absolute/folder or s3://bucket/prefix, without a slash at the end
	Endpoint    string
	Region      string
	Credentials string // env:NAME, file:PATH, default or empty: a reference, never a secret
}

// IsFile reports whether the place is a folder of this machine.
func (s Storage) IsFile() bool { return strings.HasPrefix(s.URI, "file://") }

// storage resolves an entry.
func (m *meshFile) storage(e *storageEntry) (Storage, error) {
	uri, err := m.resolve(e.URI.Text)
	credentials := e.Credentials.Text
	if path, ok := strings.CutPrefix(credentials, "file:"); ok && !filepath.IsAbs(path) {
		credentials = "file:" + filepath.Join(m.dir, path)
	}
	return Storage{URI: uri, Endpoint: e.Endpoint, Region: e.Region, Credentials: credentials}, err
}

var bucketURI = regexp.MustCompile(`^s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(/.*)?$`)

// resolve makes a URI absolute and clean.
func (m *meshFile) resolve(uri string) (string, error) {
	if folder, ok := strings.CutPrefix(uri, "file://"); ok {
		if folder == "" {
			return "", fmt.Errorf("it names no folder")
		}
		if !filepath.IsAbs(folder) {
			folder = filepath.Join(m.dir, folder)
		}
		return "file://" + filepath.ToSlash(filepath.Clean(folder)), nil
	}
	parts := bucketURI.FindStringSubmatch(uri)
	if parts == nil {
		return "", fmt.Errorf("only file:// and s3:// are known")
	}
	prefix, err := cleanKey(strings.Trim(parts[2], "/"))
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix("s3://"+parts[1]+"/"+prefix, "/"), nil
}

// cleanKey checks that a key or prefix has plain segments only.
func cleanKey(key string) (string, error) {
	if key == "" {
		return "", nil
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || segment == "." || segment == ".." || strings.ContainsAny(segment, "\\\x00") {
			return "", fmt.Errorf("its path is not clean")
		}
	}
	return key, nil
}
