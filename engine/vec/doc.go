// Package vec is the engine's columnar memory: vectors, selections, batches and
// the kernels that run over them. It depends on the standard library only.
//
// A [Vector] is a run of values of one physical [Kind] in one [Form]: flat,
// constant, or codes into a shared [Dictionary]. Encodings of the file formats
// survive into execution: a dictionary-encoded Parquet page becomes a
// dictionary vector, a PLAIN string page is aliased with offsets.
//
// A [Batch] is a set of columns of equal length with a [Selection] of the rows
// that are still alive. A column may be lazy: it is decoded when an operator
// first asks for it, and then only for the rows selected at that time.
//
// Ownership: a batch and everything it refers to belong to the [Reader] that
// returned it and are valid until that reader's next Next or Close. Who keeps
// values longer copies them.
package vec
