package engine

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/meshql/meshql/engine/meshtest"
)

// TestAuditChain writes from many goroutines and over two openings, and finds
// every kind of tampering.
func TestAuditChain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	for range 2 {
		a, err := openAudit(path, testNow)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 20 {
					if err := a.Write(auditRecord{Time: testNow, Event: "begin", User: "ana"}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		if err := a.Write(auditRecord{}); err == nil {
			t.Error("a closed log took a record")
		}
	}
	if n, err := VerifyAudit(path); err != nil || n != 2*(8*20+1) {
		t.Fatalf("%d records, %v", n, err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	for name, forged := range map[string][]byte{
		"changed":  bytes.Replace(whole, []byte(`"ana"`), []byte(`"eve"`), 1),
		"removed":  bytes.Join(append(append([][]byte{}, lines[:5]...), lines[6:]...), nil),
		"inserted": bytes.Join(append(append([][]byte{}, lines[:5]...), lines[4:]...), nil),
		"swapped":  bytes.Join(append(append(append([][]byte{}, lines[:5]...), lines[6], lines[5]), lines[7:]...), nil),
	} {
		if err := os.WriteFile(path, forged, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := VerifyAudit(path); err == nil {
			t.Errorf("a record was %s and nobody noticed", name)
		}
	}
}

// TestAuditUnwritable refuses queries on products, and only those, when the log
// cannot be written.
func TestAuditUnwritable(t *testing.T) {
	e := openMesh(t, meshtest.Shop(t, 20))
	s, err := e.Session(t.Context(), Identity{User: "ana", Client: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := e.audit.file.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := render(t.Context(), s, "SELECT COUNT(*) FROM checkout.orders"), "ERROR 1290"; got[:len(want)] != want {
		t.Errorf("got %s", got)
	}
	if got := render(t.Context(), s, "SELECT 1"); got[:2] != "--" {
		t.Errorf("got %s", got)
	}
	e.audit.file, err = os.OpenFile(e.audit.path, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if got := render(t.Context(), s, "SELECT COUNT(*) FROM checkout.orders"); got[:2] != "--" {
		t.Errorf("after the log came back: %s", got)
	}
	if err := e.audit.Flush(); err != nil {
		t.Fatal(err)
	}
	if _, err := VerifyAudit(e.audit.path); err != nil {
		t.Error(err)
	}
}
