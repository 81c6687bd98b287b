package engine

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/meshql/meshql/connectors"
	"github.com/meshql/meshql/engine/vec"
	"github.com/meshql/meshql/planner/plan"
)

// productError says which product an error of its storage belongs to.
type productError struct {
	domain, product string
	err             error
}

func (e *productError) Error() string { return fmt.Sprintf("%s.%s: %v", e.domain, e.product, e.err) }
func (e *productError) Unwrap() error { return e.err }

// pinAll fixes what every scan of the plan reads, before the audit record that
// names it and before the first byte of data.
func (r *Result) pinAll(root plan.Node) error {
	if r.pinned == nil {
		r.pinned = make(map[connectors.Source]connectors.Snapshot)
	}
	var err error
	plan.Walk(root, func(n plan.Node) bool {
		if scan, ok := n.(*plan.Scan); ok && err == nil {
			_, err = r.pin(scan.Source)
		}
		return err == nil
	})
	return err
}

// pin returns the one snapshot of a source that this statement reads.
func (r *Result) pin(src connectors.Source) (connectors.Snapshot, error) {
	if snap, ok := r.pinned[src]; ok {
		return snap, nil
	}
	domain, product := r.productOf(src)
	snap, err := src.Pin(r.ctx)
	if err != nil {
		return nil, &productError{domain, product, err}
	}
	if product != "" {
		snap = &namedSnapshot{snap, domain, product}
	}
	r.pinned[src] = snap
	return snap, nil
}

func (r *Result) productOf(src connectors.Source) (domain, product string) {
	for _, rel := range r.relations {
		if rel.Product.Source == src {
			return rel.Product.Domain, rel.Product.Name
		}
	}
	return "", ""
}

// stats gives the optimizer what footers say, for cost only. A source that
// cannot be pinned has none; the error comes when the plan runs.
func (r *Result) stats(src connectors.Source) (connectors.Stats, bool) {
	if r.pinned == nil {
		r.pinned = make(map[connectors.Source]connectors.Snapshot)
	}
	snap, err := r.pin(src)
	if err != nil {
		return connectors.Stats{}, false
	}
	return snap.Stats(), true
}

// namedSnapshot adds the product's name to the errors of its storage.
type namedSnapshot struct {
	connectors.Snapshot
	domain, product string
}

func (s *namedSnapshot) name(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return &productError{s.domain, s.product, err}
}

func (s *namedSnapshot) Splits(ctx context.Context, req connectors.Request) ([]connectors.Split, error) {
	splits, err := s.Snapshot.Splits(ctx, req)
	for i := range splits {
		splits[i] = namedSplit{splits[i], s}
	}
	return splits, s.name(err)
}

type namedSplit struct {
	connectors.Split
	s *namedSnapshot
}

func (n namedSplit) Open(ctx context.Context) (vec.Reader, error) {
	r, err := n.Split.Open(ctx)
	if err != nil {
		return nil, n.s.name(err)
	}
	return &namedReader{r, n.s}, nil
}

type namedReader struct {
	vec.Reader
	s *namedSnapshot
}

func (n *namedReader) Next(ctx context.Context) (*vec.Batch, error) {
	b, err := n.Reader.Next(ctx)
	if err != nil {
		return nil, n.s.name(err)
	}
	b.OnError = n.s.name
	return b, nil
}
