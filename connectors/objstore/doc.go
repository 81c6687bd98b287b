// Package objstore reads and writes objects: a folder (file://, confined by
// os.Root) or an S3 bucket (s3://), behind one interface. A read names the
// version that was planned; if the object changed since, it fails with
// ErrChanged and never mixes two generations. Storage SDKs are imported here only.
package objstore
