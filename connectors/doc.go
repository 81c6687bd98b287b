// Package connectors says what a relation looks like to a scan: a [Source] is
// pinned into a [Snapshot], which gives [Split]s to read in parallel. Parquet
// ports, published snapshots and the engine's own system tables are sources.
//
// A source applies predicates only to skip what cannot match (row groups,
// partitions, pages). Exactness is the executor's: it filters again, so a
// source that prunes too little is slow, never wrong, and cannot leak a row.
package connectors
