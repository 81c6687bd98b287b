package s3test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Action is what a fault does to a request.
type Action uint8

const (
	Status       Action = iota // answers with status N and an S3 error of Code
	Truncate                   // cuts the body after N bytes
	Flip                       // flips bit N of the body; negative: one by seed
	Extend                     // appends N bytes to the body
	Stall                      // gives N bytes of the body and then nothing, ever
	ResetBody                  // gives N bytes of the body, then the connection breaks
	Reset                      // breaks the connection before the request is sent
	DropResponse               // the request takes effect, its answer is lost
	SwapETag                   // answers with another ETag
	Delay                      // answers after N milliseconds
	SetHeader                  // answers with the header Code: "Name: value"
)

// Rule is a fault and when it happens.
type Rule struct {
	Method string // empty: any
	Key    string // part of the path; empty: any
	Nth    int    // only at the nth request that matches, from 1; 0: see Every
	Every  int    // at each nth request that matches; 0: at each
	Action Action
	N      int64
	Code   string
}

// FaultTransport injects faults: the first rule that applies. The same rules,
// seed and requests give the same faults.
type FaultTransport struct {
	Base  http.RoundTripper
	Rules []Rule
	Seed  uint64

	mu     sync.Mutex
	counts []int
	random *rand.Rand
}

// RoundTrip implements http.RoundTripper.
func (t *FaultTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	rule := t.pick(r)
	if rule == nil {
		return t.Base.RoundTrip(r)
	}
	switch rule.Action {
	case Status:
		return answer(r, int(rule.N), "<Error><Code>"+rule.Code+"</Code><Message>"+Canary+"</Message></Error>"), nil
	case Reset:
		return nil, syscall.ECONNRESET
	case Delay:
		timer := time.NewTimer(time.Duration(rule.N) * time.Millisecond)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	case Truncate, Flip, Extend, Stall, ResetBody, DropResponse, SwapETag, SetHeader:
	}
	resp, err := t.Base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	return t.spoil(rule, r, resp)
}

// pick counts the request and returns the rule that applies to it.
func (t *FaultTransport) pick(r *http.Request) *Rule {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = make([]int, len(t.Rules))
		t.random = rand.New(rand.NewPCG(t.Seed, 0))
	}
	var found *Rule
	for i := range t.Rules {
		rule := &t.Rules[i]
		if rule.Method != "" && rule.Method != r.Method || !strings.Contains(r.URL.Path, rule.Key) {
			continue
		}
		t.counts[i]++
		n := t.counts[i]
		if found == nil && (rule.Nth == n || rule.Nth == 0 && n%max(rule.Every, 1) == 0) {
			found = rule
		}
	}
	return found
}

func (t *FaultTransport) spoil(rule *Rule, r *http.Request, resp *http.Response) (*http.Response, error) {
	data, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	n := int(min(rule.N, int64(len(data))))
	var end io.Reader = strings.NewReader("")
	switch rule.Action {
	case Truncate:
		data, end = data[:n], failing{io.ErrUnexpectedEOF}
	case Flip:
		if len(data) > 0 {
			bit := int(rule.N)
			if bit < 0 {
				t.mu.Lock()
				bit = t.random.IntN(len(data) * 8)
				t.mu.Unlock()
			}
			data[bit/8%len(data)] ^= 1 << (bit % 8)
		}
	case Extend:
		data, resp.ContentLength = append(data, make([]byte, rule.N)...), -1
	case Stall:
		data, end = data[:n], stalled{r.Context().Done()}
	case ResetBody:
		data, end = data[:n], failing{syscall.ECONNRESET}
	case DropResponse:
		return nil, io.ErrUnexpectedEOF
	case SwapETag:
		resp.Header.Set("ETag", `"another"`)
	case SetHeader:
		name, value, _ := strings.Cut(rule.Code, ": ")
		resp.Header.Set(name, value)
	case Status, Reset, Delay:
	}
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(data), end))
	return resp, nil
}

func answer(r *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

type stalled struct{ done <-chan struct{} }

func (s stalled) Read([]byte) (int, error) {
	<-s.done
	return 0, errors.New("request ended")
}
