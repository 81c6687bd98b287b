package catalog

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/meshql/meshql/connectors/objstore"
)

func pushDescription(t *testing.T, w *world, b objstore.Store, text string) (Pushed, error) {
	t.Helper()
	dir := t.TempDir()
	inner := &world{dir: dir}
	inner.write(t, fmt.Sprintf("-- domain.yaml --\ndomain: far\ndescription: %s\n-- policies/p.yaml --\n- {id: read, grant: select, to: [\"role:%s\"]}", text, text))
	p, found, err := Push(t.Context(), PushOptions{
		Folder: dir, To: Storage{URI: "s3://far/mesh"},
		OpenStore: func(context.Context, Storage) (objstore.Store, error) { return b, nil },
	})
	if found.Err() != nil {
		t.Fatal(found)
	}
	return p, err
}

func inForce(t *testing.T, b objstore.Store) string {
	t.Helper()
	d, err := new(indexCursor).look(t.Context(), b)
	if err != nil {
		t.Fatalf("what is in force cannot be read: %v", err)
	}
	f, found := parseDomain("far", d)
	if found.Err() != nil {
		t.Fatal(found)
	}
	return f.Description + " " + string(f.policies[0].Data)
}

// TestPushKilled ends a push after each of its writes: readers see the old state
// or the new one, and the next push succeeds.
func TestPushKilled(t *testing.T) {
	w := newWorld(t)
	for steps := range 5 {
		b := &bucket{objects: map[string][]byte{}}
		if _, err := pushDescription(t, w, b, "old"); err != nil {
			t.Fatal(err)
		}
		old := inForce(t, b)
		b.die = b.puts + steps
		_, err := pushDescription(t, w, b, "new")
		b.die = 0
		switch got := inForce(t, b); {
		case err != nil && got != old:
			t.Errorf("killed after %d writes, %q is in force", steps, got)
		case err == nil && (got == old || steps < 3):
			t.Errorf("not killed after %d writes, %q is in force", steps, got)
		}
		if _, err := pushDescription(t, w, b, "new"); err != nil {
			t.Errorf("push after a killed one: %v", err)
		}
		if inForce(t, b) == old {
			t.Error("the old state is in force after a push")
		}
	}
}

// TestPushAnswerLost has each write succeed with its answer lost: pushing again,
// or the same push where it can tell, ends in the new state once.
func TestPushAnswerLost(t *testing.T) {
	w := newWorld(t)
	for lose := 1; lose <= 3; lose++ {
		b := &bucket{objects: map[string][]byte{}, lose: lose}
		p, err := pushDescription(t, w, b, "new")
		if (err == nil) != (lose == 3) {
			t.Errorf("with the answer to write %d lost: %+v, %v", lose, p, err)
		}
		p, err = pushDescription(t, w, b, "new")
		if err != nil || p.Version != 1 || p.Unchanged != (lose == 3) {
			t.Errorf("again after the answer to write %d was lost: %+v, %v", lose, p, err)
		}
	}
}

// TestPushRace lets two push at once, many times: one wins, the other is told,
// and what is in force is the winner's, whole.
func TestPushRace(t *testing.T) {
	w := newWorld(t)
	for range 50 {
		b := &bucket{objects: map[string][]byte{}}
		if _, err := pushDescription(t, w, b, "old"); err != nil {
			t.Fatal(err)
		}
		// Both read the same index before either moves it.
		var met sync.WaitGroup
		met.Add(2)
		meeting := func() objstore.Store { return &meet{bucket: b, met: &met} }
		errs := make([]error, 2)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { _, errs[i] = pushDescription(t, w, meeting(), fmt.Sprintf("p%d", i)) })
		}
		wg.Wait()
		winner := 0
		if errs[0] != nil {
			winner = 1
		}
		if errs[winner] != nil || !errors.Is(errs[1-winner], ErrRace) {
			t.Fatalf("two pushes ended with %v", errs)
		}
		want := fmt.Sprintf("p%d - {id: read, grant: select, to: [\"role:p%d\"]}\n", winner, winner)
		if got := inForce(t, b); got != want {
			t.Fatalf("in force is %q, want %q", got, want)
		}
	}
}

// meet waits, once it has read the index, for the other push to have read it too.
type meet struct {
	*bucket
	met  *sync.WaitGroup
	once sync.Once
}

func (m *meet) Get(ctx context.Context, key string, limit int64) ([]byte, objstore.Object, error) {
	data, o, err := m.bucket.Get(ctx, key, limit)
	if key == indexName {
		m.once.Do(func() { m.met.Done(); m.met.Wait() })
	}
	return data, o, err
}

// TestPushInPlace reads an index without keys, whose objects stand at their paths.
func TestPushInPlace(t *testing.T) {
	w := newWorld(t)
	b := w.bucket("s3://far/mesh")
	data := []byte("domain: far\n")
	ix := newIndex(1, &descriptors{files: map[string][]byte{domainFileName: data}})
	b.objects[indexName] = fmt.Appendf(nil, `{"version": 1, "files": [{"path": "domain.yaml", "size": %d, "sha256": "%s"}]}`, len(data), ix.Files[0].SHA256)
	b.objects[domainFileName] = data
	if d, err := new(indexCursor).look(t.Context(), b); err != nil || string(d.files[domainFileName]) != string(data) {
		t.Errorf("read %v, %v", d, err)
	}
	if _, _, err := Push(t.Context(), PushOptions{Folder: filepath.Join(w.dir, "nowhere"), To: Storage{URI: "s3://far/mesh"}, OpenStore: w.open}); err == nil {
		t.Error("pushed a folder that does not exist")
	}
}
