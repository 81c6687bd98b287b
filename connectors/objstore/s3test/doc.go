// Package s3test is what tests of storage need: a fake S3 in memory that can
// misbehave, a transport that injects faults by rule, a store that fails at its
// Nth call, and a real server on a loopback port. The fake and the faults take
// no wall time inside testing/synctest.
package s3test
