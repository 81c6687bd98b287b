package catalog

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/connectors/objstore"
)

// TestGoldens runs testdata/goldens. A file is one mesh over time:
//
//	files            writes the files of its input: "-- path --" before each
//	remove path      removes a file or a folder
//	validate path    prints the report
//	check path       prints the report of the mesh with the input as that file
//	open             opens the mesh and prints it
//	reload after=5s  lets time pass, reloads and prints what is then in force
//	fail store=s3://x with=unavailable   makes a store fail until with=nothing
//	put store=s3://x key=k               writes an object
//	push folder=f to=s3://x              pushes
//	objects store=s3://x                 lists keys
//	columns domain.product, product domain.name, user name
func TestGoldens(t *testing.T) {
	t.Setenv("CATALOG_TEST_KEY", "0123456789abcdef0123456789abcdef")
	datadriven.Walk(t, "testdata/goldens", func(t *testing.T, path string) {
		w := newWorld(t)
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			out := w.run(t, d)
			out = strings.ReplaceAll(out, w.dir, "DIR")
			return refs.ReplaceAllString(out, "ref XXXXXXXX")
		})
	})
}

var refs = regexp.MustCompile(`ref [0-9a-f]{8}`)

// world is one golden file's mesh: a folder, buckets and a clock.
type world struct {
	dir     string
	now     time.Time
	buckets map[string]*bucket
	catalog *Catalog
}

func newWorld(t *testing.T) *world {
	w := &world{dir: t.TempDir(), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), buckets: map[string]*bucket{}}
	t.Cleanup(func() {
		if w.catalog != nil {
			w.catalog.Close()
		}
	})
	return w
}

func (w *world) options() Options {
	return Options{
		Mesh: w.dir, Now: func() time.Time { return w.now }, Poll: -1, OpenStore: w.open,
		OpenPort: func(_ context.Context, p Port) (connectors.Source, error) { return port{p}, nil },
	}
}

// port is a source that only tells where its data would be.
type port struct{ Port }

func (p port) Columns() []connectors.Column { return plainColumns(p.Port.Columns) }

func (p port) Pin(context.Context) (connectors.Snapshot, error) { return nil, errors.New("no data") }

func (w *world) open(_ context.Context, s Storage) (objstore.Store, error) {
	if s.IsFile() {
		return s.open(nil)
	}
	return w.bucket(s.URI), nil
}

func (w *world) bucket(uri string) *bucket {
	if w.buckets[uri] == nil {
		w.buckets[uri] = &bucket{objects: map[string][]byte{}}
	}
	return w.buckets[uri]
}

func (w *world) write(t *testing.T, text string) {
	t.Helper()
	var name string
	var body []string
	flush := func() {
		if name == "" {
			return
		}
		file := filepath.Join(w.dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(strings.Join(body, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for line := range strings.SplitSeq(text, "\n") {
		if rest, ok := strings.CutPrefix(line, "-- "); ok {
			flush()
			name, body = strings.TrimSuffix(rest, " --"), nil
			continue
		}
		body = append(body, line)
	}
	flush()
}

func (w *world) run(t *testing.T, d *datadriven.TestData) string {
	argument := func(i int) string {
		if i < len(d.CmdArgs) {
			return d.CmdArgs[i].Key
		}
		return ""
	}
	named := func(key string) string {
		var value string
		d.MaybeScanArgs(t, key, &value)
		return value
	}
	switch d.Cmd {
	case "files":
		w.write(t, d.Input)
		return ""
	case "remove":
		if err := os.RemoveAll(filepath.Join(w.dir, argument(0))); err != nil {
			t.Fatal(err)
		}
		return ""
	case "validate":
		r, err := Validate(t.Context(), filepath.Join(w.dir, argument(0)), w.options())
		if err != nil {
			return "error: " + err.Error()
		}
		return r.Text()
	case "check":
		return w.check(t, argument(0), d.Input)
	case "open":
		c, err := Open(t.Context(), w.options())
		if err != nil {
			return "error: " + err.Error()
		}
		w.catalog = c
		return w.print()
	case "reload":
		if after := named("after"); after != "" {
			step, err := time.ParseDuration(after)
			if err != nil {
				t.Fatal(err)
			}
			w.now = w.now.Add(step)
		}
		if err := w.catalog.Reload(t.Context()); err != nil {
			return "error: " + err.Error() + "\n" + w.print()
		}
		return w.print()
	case "fail":
		w.bucket(named("store")).fail(named("with"))
		return ""
	case "put":
		b := w.bucket(named("store"))
		b.mu.Lock()
		defer b.mu.Unlock()
		b.objects[named("key")] = []byte(d.Input)
		return ""
	case "objects":
		var out strings.Builder
		for key := range sorted(w.bucket(named("store")).objects) {
			fmt.Fprintln(&out, digests.ReplaceAllString(key, "descriptors/SHA256"))
		}
		return out.String()
	case "push":
		p, found, err := Push(t.Context(), PushOptions{
			Folder: filepath.Join(w.dir, named("folder")), To: Storage{URI: named("to")}, OpenStore: w.open, Guild: d.HasArg("guild"),
		})
		var out strings.Builder
		for _, d := range found {
			fmt.Fprintln(&out, d)
		}
		if err != nil {
			return out.String() + "error: " + err.Error()
		}
		return out.String() + fmt.Sprintf("%+v", p)
	case "columns", "product":
		domain, name, _ := strings.Cut(argument(0), ".")
		p := w.catalog.Mesh().Domains[domain].Products[name]
		if p == nil {
			return "no such product"
		}
		if d.Cmd == "columns" {
			return columnsText(p)
		}
		return productText(p)
	case "user":
		p, ok := w.catalog.Mesh().Principal(argument(0))
		if !ok {
			return "no such user"
		}
		return fmt.Sprintf("%+v", *p)
	}
	d.Fatalf(t, "unknown command %s", d.Cmd)
	return ""
}

// check validates the mesh with one file replaced, for once.
func (w *world) check(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(w.dir, filepath.FromSlash(name))
	before, readErr := os.ReadFile(file)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	text = strings.NewReplacer(`⟨1MiB⟩`, strings.Repeat("x", 1<<20), `⟨deep⟩`, strings.Repeat("[", 40), `⟨esc⟩`, "\x1b").Replace(text)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if readErr == nil {
			readErr = os.WriteFile(file, before, 0o600)
		} else {
			readErr = os.Remove(file)
		}
		if readErr != nil {
			t.Fatal(readErr)
		}
	}()
	r, err := Validate(t.Context(), w.dir, w.options())
	if err != nil {
		return "error: " + err.Error()
	}
	return r.Text()
}

var digests = regexp.MustCompile(`descriptors/[0-9a-f]{64}`)

// print shows the mesh in force.
func (w *world) print() string {
	m := w.catalog.Mesh()
	var b strings.Builder
	fmt.Fprintf(&b, "mesh %s version %d\n", m.Name, m.Version)
	if m.GuildReason != "" {
		fmt.Fprintf(&b, "guild: %s, ref %s\n", m.GuildReason, m.GuildRef)
	}
	for name, d := range sorted(m.Domains) {
		fmt.Fprintf(&b, "%s %s", name, d.State)
		if d.Version > 0 {
			fmt.Fprintf(&b, " index %d", d.Version)
		}
		if d.Reason != "" {
			fmt.Fprintf(&b, ": %s, ref %s", d.Reason, d.Ref)
		}
		b.WriteString("\n")
		for name, p := range sorted(d.Products) {
			star := " "
			if p.Canonical {
				star = "*"
			}
			denied := ""
			if m.Policies.Denied(p.Relation) {
				denied = " denied by policies"
			}
			fmt.Fprintf(&b, " %s %s: %s %s%s\n", star, name, p.Version, p.Status, denied)
		}
	}
	return b.String()
}

func columnsText(p *Product) string {
	var b strings.Builder
	for _, c := range p.Columns {
		fmt.Fprintf(&b, "%s %s", c.Name, c.Type)
		if c.Type.NotNull {
			b.WriteString(" not null")
		}
		if c.Physical != c.Name {
			fmt.Fprintf(&b, " as %s", c.Physical)
		}
		if c.PrimaryKey > 0 {
			fmt.Fprintf(&b, " key %d", c.PrimaryKey)
		}
		if c.Unique {
			b.WriteString(" unique")
		}
		for _, r := range c.References {
			fmt.Fprintf(&b, " -> %s.%s.%s", r.Domain, r.Product, r.Column)
		}
		if c.Classification != "" || len(c.Tags) > 0 {
			fmt.Fprintf(&b, " %s%v", c.Classification, c.Tags)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func productText(p *Product) string {
	where := "nowhere"
	if s, ok := p.Source.(port); ok {
		where = s.Key
	}
	if p.Strict {
		where += " strict"
	}
	return fmt.Sprintf("%s.%s major %d object %q\ntitle %q\ndescription %q\npurpose %q\nlimitations %q\nusage %q\ntags %v\ndata %s\n",
		p.Domain, p.Name, p.Major, p.Object, p.Title, p.Description, p.Purpose, p.Limitations, p.Usage, p.Tags, where)
}

// bucket is an object store in memory.
type bucket struct {
	mu      sync.Mutex
	objects map[string][]byte
	err     error
	// puts counts writes; the one numbered lose succeeds but reports an error, and
	// die ends everything after that many.
	puts, lose, die int
	slow            func() // before each read, if not nil
}

func (b *bucket) fail(with string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = map[string]error{
		"unavailable": objstore.ErrUnavailable, "denied": objstore.ErrDenied, "notfound": objstore.ErrNotFound,
	}[with]
}

func (b *bucket) etag(data []byte) string { return fmt.Sprintf("%x", sha256.Sum256(data)) }

func (b *bucket) List(context.Context, string, int) ([]objstore.Object, error) {
	return nil, errors.New("nothing is planned from a listing")
}

func (b *bucket) Stat(ctx context.Context, key string) (objstore.Object, error) {
	_, o, err := b.Get(ctx, key, 1<<30)
	return o, err
}

func (b *bucket) Get(ctx context.Context, key string, limit int64) ([]byte, objstore.Object, error) {
	if err := ctx.Err(); err != nil {
		return nil, objstore.Object{}, err
	}
	if b.slow != nil {
		b.slow()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return nil, objstore.Object{}, b.err
	}
	data, ok := b.objects[key]
	if !ok {
		return nil, objstore.Object{}, objstore.ErrNotFound
	}
	if int64(len(data)) > limit {
		return nil, objstore.Object{}, objstore.ErrTooLarge
	}
	return slices.Clone(data), objstore.Object{Key: key, Size: int64(len(data)), ETag: b.etag(data)}, nil
}

func (b *bucket) ReadAt(context.Context, objstore.Object, []byte, int64) error {
	return errors.New("no ranges here")
}

func (b *bucket) Put(_ context.Context, key string, data []byte, c objstore.Condition) (objstore.Object, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return objstore.Object{}, b.err
	}
	if b.die > 0 && b.puts == b.die {
		return objstore.Object{}, fs.ErrClosed
	}
	old, exists := b.objects[key]
	if c.IfNoneMatch && exists || c.IfMatch != "" && (!exists || b.etag(old) != c.IfMatch) {
		return objstore.Object{}, objstore.ErrPrecondition
	}
	b.objects[key] = slices.Clone(data)
	if b.puts++; b.puts == b.lose {
		return objstore.Object{}, objstore.ErrUnavailable
	}
	return objstore.Object{Key: key, Size: int64(len(data)), ETag: b.etag(data)}, nil
}

func (b *bucket) Delete(context.Context, string) error { return nil }
