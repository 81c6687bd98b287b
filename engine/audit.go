package engine

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// auditRecord is one line of the audit log. A query writes a begin record
// before the first row of a product can leave and an end record afterwards.
type auditRecord struct {
	Time      time.Time `json:"time"`
	Event     string    `json:"event"` // begin, end, refused, open
	Query     string    `json:"query,omitempty"`
	User      string    `json:"user,omitempty"`
	OSUser    string    `json:"os_user,omitempty"`
	Purpose   string    `json:"purpose,omitempty"`
	Client    string    `json:"client,omitempty"`
	Statement string    `json:"statement,omitempty"` // literals replaced by ?
	Products  []string  `json:"products,omitempty"`
	Snapshots []string  `json:"snapshots,omitempty"`
	Policies  []string  `json:"policies,omitempty"`
	Version   uint64    `json:"policy_version,omitempty"`
	Decision  string    `json:"decision,omitempty"` // allowed, refused
	Rows      int64     `json:"rows,omitempty"`
	Millis    int64     `json:"ms,omitempty"`
	Error     string    `json:"error,omitempty"` // MySQL's code only
	Writer    string    `json:"writer"`
	Seq       uint64    `json:"seq"`
	Chain     string    `json:"chain"` // HMAC over the previous chain value and this record without it
}

var errAuditClosed = errors.New("audit log is closed")

// auditLog appends records to a file. Concurrent writers share one fsync: a
// goroutine writes what has gathered and wakes all who wait for it.
type auditLog struct {
	path   string
	file   *os.File
	key    []byte
	writer string

	queue chan auditEntry
	done  chan struct{}
	stop  sync.Once
	gate  sync.RWMutex // held for reading while sending to queue
	shut  bool

	seq   uint64 // owned by run
	chain []byte
	buf   bytes.Buffer
}

type auditEntry struct {
	record  auditRecord
	barrier bool       // no record: only wait for those before it
	synced  chan error // nil: nobody waits
}

// openAudit opens or makes the log and its chain key, both readable by their
// owner only.
func openAudit(path string, now time.Time) (*auditLog, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("audit log: %w", err)
	}
	key, err := auditKey(path + ".key")
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("audit log: %w", err)
	}
	id := make([]byte, 8)
	if _, err := rand.Read(id); err != nil {
		return nil, errors.Join(fmt.Errorf("audit log: %w", err), f.Close())
	}
	a := &auditLog{path: path, file: f, key: key, writer: hex.EncodeToString(id),
		queue: make(chan auditEntry, 256), done: make(chan struct{})}
	go a.run()
	if err := a.Write(auditRecord{Time: now, Event: "open"}); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func auditKey(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if err == nil && len(key) == sha256.Size {
		return key, nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("audit key: %w", err)
	}
	key = make([]byte, sha256.Size)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("audit key: %w", err)
	}
	if err := os.WriteFile(path, key, 0o600); err != nil {
		return nil, fmt.Errorf("audit key: %w", err)
	}
	return key, nil
}

// Write appends a record and returns when it is on stable storage.
func (a *auditLog) Write(r auditRecord) error {
	e := auditEntry{record: r, synced: make(chan error, 1)}
	if err := a.send(e); err != nil {
		return err
	}
	return <-e.synced
}

// Note appends a record without waiting for it.
func (a *auditLog) Note(r auditRecord) error { return a.send(auditEntry{record: r}) }

// Flush returns when all records so far can be read from the file.
func (a *auditLog) Flush() error {
	e := auditEntry{barrier: true, synced: make(chan error, 1)}
	if err := a.send(e); err != nil {
		return err
	}
	return <-e.synced
}

func (a *auditLog) send(e auditEntry) error {
	a.gate.RLock()
	defer a.gate.RUnlock()
	if a.shut {
		return errAuditClosed
	}
	a.queue <- e
	return nil
}

// Close writes what is queued and closes the file.
func (a *auditLog) Close() error {
	var err error
	a.stop.Do(func() {
		a.gate.Lock()
		a.shut = true
		a.gate.Unlock()
		close(a.queue)
		<-a.done
		err = a.file.Close()
	})
	return err
}

func (a *auditLog) run() {
	defer close(a.done)
	var batch, kept []auditEntry
	for e := range a.queue {
		batch = append(append(batch[:0], kept...), e)
		for more := true; more; {
			select {
			case e, ok := <-a.queue:
				if more = ok; ok {
					batch = append(batch, e)
				}
			default:
				more = false
			}
		}
		err := a.write(batch)
		kept = kept[:0]
		for _, e := range batch {
			switch {
			case e.synced != nil:
				e.synced <- err
			case err != nil && len(kept) < maxKeptRecords:
				kept = append(kept, e)
			}
		}
	}
}

// maxKeptRecords is how many records that nobody waits for are kept to be
// written when the log can be written again.
const maxKeptRecords = 10_000

// write appends the records of a batch, or none of them: after a failure the
// file and the chain are what they were.
func (a *auditLog) write(batch []auditEntry) (err error) {
	seq, chain := a.seq, a.chain
	a.buf.Reset()
	wait := false
	for _, e := range batch {
		wait = wait || e.synced != nil
		if err = a.add(e); err != nil {
			break
		}
	}
	var size int64
	if err == nil {
		size, err = a.file.Seek(0, io.SeekEnd)
	}
	if err == nil {
		if _, err = a.file.Write(a.buf.Bytes()); err == nil && wait {
			err = a.file.Sync()
		}
		if err != nil {
			err = errors.Join(err, a.file.Truncate(size))
		}
	}
	if err != nil {
		a.seq, a.chain = seq, chain
	}
	return err
}

// add renders a record with its link in the chain.
func (a *auditLog) add(e auditEntry) error {
	if e.barrier {
		return nil
	}
	a.seq++
	e.record.Writer, e.record.Seq, e.record.Chain = a.writer, a.seq, ""
	e.record.Time = e.record.Time.UTC()
	line, err := json.Marshal(&e.record)
	if err != nil {
		return fmt.Errorf("audit record: %w", err)
	}
	a.chain = chainLink(a.key, a.chain, line)
	e.record.Chain = hex.EncodeToString(a.chain)
	if line, err = json.Marshal(&e.record); err != nil {
		return fmt.Errorf("audit record: %w", err)
	}
	a.buf.Write(line)
	a.buf.WriteByte('\n')
	return nil
}

func chainLink(key, previous, line []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write(previous)
	m.Write(line)
	return m.Sum(nil)
}

// VerifyAudit checks the chain of every writer in the log at path and returns
// the number of records. A record that was changed, removed or inserted breaks
// its writer's chain.
func VerifyAudit(path string) (int, error) {
	key, err := os.ReadFile(path + ".key")
	if err != nil {
		return 0, fmt.Errorf("audit key: %w", err)
	}
	chains := make(map[string][]byte)
	seqs := make(map[string]uint64)
	n := 0
	err = readAudit(path, 0, func(r auditRecord) error {
		n++
		chain := r.Chain
		r.Chain = ""
		line, err := json.Marshal(&r)
		if err != nil {
			return fmt.Errorf("audit record: %w", err)
		}
		want := chainLink(key, chains[r.Writer], line)
		if r.Seq != seqs[r.Writer]+1 || hex.EncodeToString(want) != chain {
			return fmt.Errorf("audit record %d: the chain of writer %s is broken", n, r.Writer)
		}
		chains[r.Writer], seqs[r.Writer] = want, r.Seq
		return nil
	})
	return n, err
}

// readAudit calls fn for every record of the last tail bytes (0: all).
func readAudit(path string, tail int64, fn func(auditRecord) error) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("audit log: %w", err)
	}
	defer f.Close()
	cut := false
	if st, err := f.Stat(); err == nil && tail > 0 && st.Size() > tail {
		if _, err := f.Seek(-tail, io.SeekEnd); err != nil {
			return fmt.Errorf("audit log: %w", err)
		}
		cut = true
	}
	s := bufio.NewScanner(f)
	s.Buffer(nil, 4<<20)
	for s.Scan() {
		if cut { // the first line may be the rest of one
			cut = false
			continue
		}
		var r auditRecord
		if err := json.Unmarshal(s.Bytes(), &r); err != nil {
			return fmt.Errorf("audit log: a record is not readable: %w", err)
		}
		if err := fn(r); err != nil {
			return err
		}
	}
	return s.Err()
}
