package catalog

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/connectors/objstore"
	"github.com/meshql/meshql/planner/expr"
	"github.com/meshql/meshql/planner/plan"
)

// Options say which mesh to open and with what.
type Options struct {
	Mesh string // path or file:// URI of mesh.yaml, or of its folder
	Log  *slog.Logger
	Now  func() time.Time // nil: time.Now

	// Functions and Fold are what policies are compiled with.
	Functions expr.Functions
	Fold      func(plan.Expr) (*plan.Const, error)

	// OpenStore opens a domain's storage; nil opens folders and buckets.
	OpenStore func(context.Context, Storage) (objstore.Store, error)
	// OpenPort opens an output port; nil opens Parquet files.
	OpenPort func(context.Context, Port) (connectors.Source, error)
	// Poll is how often each descriptor is looked at; 0: 2 s, negative: never.
	Poll time.Duration
}

const (
	defaultPoll = 2 * time.Second
	// maxAge is for how long what was good stands in for what cannot be read.
	maxAge = 60 * time.Second
	// readTimeout bounds one look at one domain.
	readTimeout = 10 * time.Second
)

// Catalog keeps a mesh up to date. It is safe for concurrent use.
type Catalog struct {
	opts Options
	file string // of mesh.yaml
	mesh atomic.Pointer[Mesh]

	reloading sync.Mutex // one reading of mesh.yaml at a time

	mu      sync.Mutex // guards what follows and every source's published fields
	config  *config
	health  health // of config
	guild   *source
	domains map[string]*source
	version uint64
	advice  string // the diagnostics of policies that were logged last

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// Open loads the mesh and starts to watch it. A mesh.yaml or identity file that
// cannot be used is an error, which then holds [Diagnostics]; a domain or guild
// that cannot be used is denied. Close ends the watching.
func Open(ctx context.Context, opts Options) (*Catalog, error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.OpenStore == nil {
		opts.OpenStore = storeOpener(opts.Log)
	}
	if opts.OpenPort == nil {
		opts.OpenPort = openPort
	}
	if opts.Poll == 0 {
		opts.Poll = defaultPoll
	}
	file, err := meshPath(opts.Mesh)
	if err != nil {
		return nil, err
	}
	c := &Catalog{opts: opts, file: file, domains: map[string]*source{}}
	c.ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if err := c.Reload(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	if opts.Poll > 0 {
		c.every(c.ctx, func() {
			_, _ = c.reloadConfig(c.ctx) // a failure is logged, and shows in the mesh
		})
	}
	return c, nil
}

// Mesh returns the current state. It never changes; ask again for each statement.
func (c *Catalog) Mesh() *Mesh { return c.mesh.Load() }

// Reload looks at everything now, and returns when what has changed is in
// force. The error is of mesh.yaml and the identity file; the states of domains
// are in the mesh.
func (c *Catalog) Reload(ctx context.Context) error {
	loaded, err := c.reloadConfig(ctx)
	c.mu.Lock()
	others := slices.DeleteFunc(c.sources(), func(s *source) bool { return slices.Contains(loaded, s) })
	c.mu.Unlock()
	if c.refreshAll(ctx, others) {
		c.publish()
	}
	return err
}

// Close ends the watching and waits for it.
func (c *Catalog) Close() error {
	c.cancel()
	c.reloading.Lock()   // a reading that began before may still start goroutines; after it none does
	c.reloading.Unlock() //nolint:staticcheck // the lock is only waited for
	c.wg.Wait()
	return nil
}

// every runs f once a poll interval until ctx ends.
func (c *Catalog) every(ctx context.Context, f func()) {
	c.wg.Go(func() {
		ticker := time.NewTicker(c.opts.Poll)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				f()
			}
		}
	})
}

// sources are the guild, if there is one, and the domains. The caller holds mu.
func (c *Catalog) sources() []*source {
	var all []*source
	if c.guild != nil {
		all = append(all, c.guild)
	}
	for _, s := range sorted(c.domains) {
		all = append(all, s)
	}
	return all
}
