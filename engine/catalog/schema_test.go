package catalog

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/meshql/meshql/governance/descriptor"
)

// TestSchemasMatchDecoding holds the JSON schemas, which editors use, against
// what is decoded: every file of the demo mesh is valid, and a key that no
// struct knows is none of the schema's.
func TestSchemasMatchDecoding(t *testing.T) {
	for kind, pattern := range map[string]string{
		"mesh": "mesh.yaml", "identity": "identity.yaml", "domain": "*/domain.yaml",
		"policies": "*/policies/*.yaml", "contract": "*/products/*/v*/*.yaml",
	} {
		text, err := Schema(kind)
		if err != nil || !json.Valid(text) {
			t.Errorf("schema of %s: %v", kind, err)
		}
		files, err := filepath.Glob(filepath.Join("../../testdata/mesh", filepath.FromSlash(pattern)))
		if err != nil || len(files) == 0 {
			t.Errorf("no files %s: %v", pattern, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			root, err := descriptor.Parse(data, file)
			if err != nil {
				t.Fatal(err)
			}
			if found := checkSchema(root, file, kind); len(found) > 0 {
				t.Error(found)
			}
		}
	}
	if _, err := Schema("nothing"); err == nil {
		t.Error("there is a schema of nothing")
	}
}

// TestIndexSchema holds the index that a push writes against its schema.
func TestIndexSchema(t *testing.T) {
	ix := newIndex(7, &descriptors{files: map[string][]byte{"domain.yaml": []byte("domain: x\n"), "a/b.yaml": {}}})
	data, err := json.Marshal(ix)
	if err != nil {
		t.Fatal(err)
	}
	root, err := descriptor.Parse(data, indexName)
	if err != nil {
		t.Fatal(err)
	}
	if found := checkSchema(root, indexName, "index"); len(found) > 0 {
		t.Error(found)
	}
	again, err := parseIndex(data)
	if err != nil || !again.names(ix) || again.Version != 7 {
		t.Errorf("read back %+v, %v", again, err)
	}
	for _, bad := range []string{
		"", "{}", "[]", `{"version": 0, "files": []}`, `{"version": -1, "files": []}`, `{"version": 1, "files": []} {}`,
		`{"version": 1, "files": [{"path": "", "size": 0, "sha256": ""}]}`,
		`{"version": 1, "files": [{"path": "/etc/passwd", "size": 0, "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]}`,
		`{"version": 1, "files": [{"path": "a", "key": "../../x", "size": 0, "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]}`,
		`{"version": 1, "files": [{"path": "a", "size": 99999999, "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]}`,
		`{"version": 1, "files": [{"path": "a", "size": 0, "sha256": "e3b0"}]}`,
		string(bytes.Repeat([]byte("["), 100_000)),
	} {
		if ix, err := parseIndex([]byte(bad)); err == nil {
			t.Errorf("%.80s is read as %+v", bad, ix)
		}
	}
}
