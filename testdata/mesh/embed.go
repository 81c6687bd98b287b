// Package mesh holds the files of the demo mesh: descriptors, and the data that
// is not generated.
package mesh

import "embed"

// Files is the mesh's folder; mesh.yaml stands at its root.
//
//go:embed *.yaml guild checkout customers logistics aviation
var Files embed.FS
