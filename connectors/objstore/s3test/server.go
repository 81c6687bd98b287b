package s3test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/meshql/meshql/connectors/objstore"
)

// Server is a real S3 server, versitygw over a temporary folder. It ends with
// the test.
type Server struct {
	Endpoint string

	t      testing.TB
	binary string
	root   objstore.Secret
}

// Domain is a bucket that one user may use, and no other.
type Domain struct {
	Endpoint, Bucket string
	Secret           objstore.Secret
}

// Config returns how to open the domain's bucket.
func (d *Domain) Config() objstore.S3Config {
	return objstore.S3Config{
		Endpoint: d.Endpoint, Bucket: d.Bucket,
		Credentials: func(context.Context) (objstore.Secret, error) { return d.Secret, nil },
	}
}

// Start starts a server. Without the binary (MESHQL_VERSITYGW, .tools/versitygw
// above the working directory, or PATH) it skips the test, or fails it if
// MESHQL_REQUIRE_S3 is 1.
func Start(t testing.TB) *Server {
	t.Helper()
	binary := findBinary()
	if binary == "" {
		if os.Getenv("MESHQL_REQUIRE_S3") == "1" {
			t.Fatal("no versitygw; make test installs it")
		}
		t.Skip("no versitygw; make test installs it")
	}
	s := &Server{t: t, binary: binary, root: objstore.Secret{AccessKeyID: "root", SecretAccessKey: rand.Text()}}
	for range 3 { // another process may take the port before the server does
		if s.run() {
			return s
		}
	}
	t.Fatal("versitygw does not start")
	return nil
}

func findBinary() string {
	if p := os.Getenv("MESHQL_VERSITYGW"); p != "" {
		return p
	}
	dir, _ := os.Getwd()
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if p := filepath.Join(dir, ".tools", "versitygw"); isFile(p) {
			return p
		}
	}
	p, _ := exec.LookPath("versitygw")
	return p
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// run starts the process and waits until it answers.
func (s *Server) run() bool {
	s.t.Helper()
	dir := s.t.TempDir()
	for _, sub := range []string{"iam", "data", "meta"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			s.t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		s.t.Fatal(err)
	}
	var log bytes.Buffer
	cmd := exec.Command(s.binary, "--port", addr, "--iam-dir", filepath.Join(dir, "iam"), "--iam-cache-disable", "--quiet", "--keep-alive",
		"posix", "--sidecar", filepath.Join(dir, "meta"), filepath.Join(dir, "data"))
	cmd.Env = []string{"ROOT_ACCESS_KEY=" + s.root.AccessKeyID, "ROOT_SECRET_KEY=" + s.root.SecretAccessKey, "HOME=" + dir}
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // it is killed
	}()
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-done
	})
	s.Endpoint = "http://" + addr
	for range 500 {
		select {
		case <-done:
			s.t.Logf("versitygw ended: %s", log.String())
			return false
		case <-time.After(20 * time.Millisecond):
		}
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return true
		}
	}
	return false
}

// Domain makes a bucket, a user and a policy that lets that user alone in.
func (s *Server) Domain(name string) *Domain {
	s.t.Helper()
	d := &Domain{
		Endpoint: s.Endpoint, Bucket: name + "-mesh",
		Secret: objstore.Secret{AccessKeyID: name, SecretAccessKey: rand.Text()},
	}
	s.admin("create-user", "--access", name, "--secret", d.Secret.SecretAccessKey, "--role", "user")
	addr := s.Endpoint[len("http://"):]
	root, err := minio.New(addr, &minio.Options{
		Creds: credentials.NewStaticV4(s.root.AccessKeyID, s.root.SecretAccessKey, ""), Region: "us-east-1",
	})
	if err != nil {
		s.t.Fatal(err)
	}
	ctx := s.t.Context()
	if err := root.MakeBucket(ctx, d.Bucket, minio.MakeBucketOptions{}); err != nil {
		s.t.Fatalf("make bucket: %v", err)
	}
	policy := fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": [%q]}, "Action": "s3:*", "Resource": ["arn:aws:s3:::%s", "arn:aws:s3:::%s/*"]}]}`, name, d.Bucket, d.Bucket)
	if err := root.SetBucketPolicy(ctx, d.Bucket, policy); err != nil {
		s.t.Fatalf("set policy: %v", err)
	}
	return d
}

// Revoke removes the domain's user.
func (s *Server) Revoke(d *Domain) {
	s.t.Helper()
	s.admin("delete-user", "--access", d.Secret.AccessKeyID)
}

func (s *Server) admin(args ...string) {
	s.t.Helper()
	cmd := exec.Command(s.binary, append([]string{"admin", "--endpoint-url", s.Endpoint}, args...)...)
	cmd.Env = []string{"ADMIN_ACCESS_KEY=" + s.root.AccessKeyID, "ADMIN_SECRET_KEY=" + s.root.SecretAccessKey}
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("versitygw admin %s: %v\n%s", args[0], err, out)
	}
}
