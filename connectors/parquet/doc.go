// Package parquet reads and writes Parquet files. [Open] reads a footer into an
// immutable, cacheable [File]; [File.Read] streams one row group as batches of
// lazy columns.
//
// Footers go through arrow-go; pages are decoded here, since they are the
// largest surface that a stranger's file reaches. Every length, run and code is
// checked before it is used, memory is reserved before it is allocated, and a
// call into a library is made behind recover. What a footer claims steers the
// reading and never becomes an answer: rows are counted by pages.
//
// Encodings survive as vectors: dictionary pages become dictionary vectors with
// one dictionary a chunk, PLAIN pages are aliased where nothing has to move.
package parquet
