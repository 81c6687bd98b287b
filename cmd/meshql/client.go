package main

import (
	"context"
	"os/user"

	"github.com/meshql/meshql/engine"
)

// client runs statements: in this process, or at a server. Errors that a user
// made are *mysqlerr.Error.
type client interface {
	Query(ctx context.Context, sql string) (rows, error)
	// Warnings are those of the last statement.
	Warnings(ctx context.Context) []engine.Warning
	// Purposes are those that the principal may choose among.
	Purposes(ctx context.Context) []string
	// Domain is the current one, empty if none.
	Domain() string
	Close() error
}

// localClient is a session of this process's engine.
type localClient struct{ *engine.Session }

func (c localClient) Query(ctx context.Context, sql string) (rows, error) {
	r, err := c.Session.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	return newEngineRows(c.Session, r), nil
}

func (c localClient) Warnings(context.Context) []engine.Warning { return c.Session.Warnings() }

func (c localClient) Purposes(context.Context) []string { return c.Principal().Purposes }

// osUser is who runs the process, for audit.
func osUser() string {
	u, err := user.Current()
	if err != nil {
		return "unknown"
	}
	return u.Username
}
