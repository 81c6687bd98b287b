// Package governance decides what a principal may see of a relation. It reads
// policies as data, binds them against the relations they match ([Compile]), and
// answers [Policies.Decide]. It is pure: no I/O, and no clock but the one it is
// given.
//
// # Files
//
// A policy file is YAML as package descriptor reads it: a list of policies
// (`- id:`) and policy tests (`- test:`).
//
//   - id: guild.pii              # letters, digits, _ . -; unique in its layer
//     match: {tag: pii}
//     mask: hash
//     except: {all: [role:pii_reader, purpose:fulfilment]}
//   - id: read
//     match: {product: orders}
//     grant: select
//     to: [role:analyst]
//     purposes: [analytics]
//     until: 2027-12-31
//   - id: region
//     match: {product: orders}
//     rows: "country IN (user.regions)"
//   - id: small
//     match: {product: health}
//     min_group: {size: 5, entity: customer_id}
//   - test: an analyst sees the own country
//     as: {roles: [analyst], attributes: {country: DE}, purpose: analytics}
//     query: "SELECT DISTINCT country FROM checkout.orders"
//     expect: [[DE]]             # or error: 1146
//
// A policy is either a grant (select or discover) or exactly one restriction:
// rows, mask or min_group. columns, purposes and until belong to grants; rows
// belongs to both; to, when and except say whom either binds.
//
// match has the keys domain, product, column, tag, classification and entity.
// Keys AND together, a list ORs; * and ? are globs; case does not count. column,
// tag, classification and entity (a column's tag `entity:x`) must hold for one
// and the same column; a tag of the contract is a tag of each of its columns. A match without such a key is about all columns of the product; a
// match without any key, or none at all, about every product of the layer. The
// guild names products as domain.product, or as product in every domain; a
// domain names its own without a domain, and anything else is an error: such a
// policy is broken. A product includes all its majors and schema objects.
//
// to takes role:x, user:x and all; except takes purpose:x as well.
//
// # Who is bound
//
// A grant is given only if it is certain: its when must be true. A restriction
// is in force unless it is certain that it is not: it is lifted only where to
// names others, except holds, or when is false. A when that is NULL or cannot be
// evaluated leaves it in force. An attribute that the principal lacks, or holds
// as another type than mesh.yaml says, is NULL.
//
// A list attribute has one use: `column IN (user.regions)`. A principal without
// the attribute makes it NULL, with an empty list false.
//
// # Composition
//
//	rows    (OR of the rows of grants, TRUE where one has none)
//	        AND every row filter of the guild AND every one of the domain; NULL is false
//	columns those that a grant shows, less those that a mask denies
//	masks   deny wins; one mask, or equal ones, is that mask; two that differ give NULL
//
// Masks are equal if they compute the same expression with the principal's
// values, whoever wrote them. What the design left open is decided so:
//
//   - A grant whose match names columns shows those only; columns narrows it
//     further.
//   - A cell is visible only if one grant shows both its row and its column.
//     Where a principal holds a grant of all columns for some rows and one of
//     some columns for all rows, the other columns are NULL in the other rows.
//   - A mask expression that reads another column is NULL if the principal sees
//     that column masked, only in some rows, or not at all.
//   - A product of which no column is left is not readable: it looks as without
//     a grant.
//   - Under a minimal group size a relation gives counts, sums, averages and
//     deviations of whole columns, compared with constants and grouped by
//     columns without a mask: an extreme, a list or a sum of IF(...) would be
//     about one person. What two answers differ by remains a risk.
//   - Several minimal group sizes: the largest, if they count one entity. Of two
//     entities none can be satisfied, so the product is not readable.
//   - A guild may grant, too: a grant is a grant in either layer.
//   - until may only end a grant: a restriction that ends would show more by
//     itself.
//   - Owners and the guild are governed like everyone else.
//
// # What is broken
//
// Compile never fails; it denies and says why. A policy that cannot be read, or
// whose id is used twice in its layer, denies what its match covers, everything
// of the layer if the match cannot be read. A file that is no list of policies
// denies everything of its layer, and so does a layer that could not be loaded.
// A policy that does not fit a product it matches (an unknown column or
// attribute, a wrong type, a function that is not allowed) denies that product:
// a column named without a glob together with its product's name must exist.
//
// A column with a confidential classification (what the guild lists; else
// `confidential`) must be covered: by a mask, or by another restriction whose
// match finds that very column. Else the product is denied. Columns without a
// classification are open unless the guild's setting `unclassified` is null or
// deny.
//
// # Expressions
//
// Expressions are SQL, bound by planner/expr in its strict mode. Only total,
// deterministic functions are allowed: the lists stand in total.go. Arithmetic
// that can leave the range of its type is refused, because its error would tell
// of a row that is hidden (of DOUBLE, only what exceeds 1e308 is an error). A
// TIMESTAMP reads as a DATETIME in UTC, whatever the session's zone; text
// compares by utf8mb4_0900_bin, however the column is declared; weeks begin on
// Monday. Row filters and masks read raw columns.
//
// # Masks
//
//	deny              the column does not exist
//	null              NULL
//	constant(x)       an SQL constant and its type
//	hash              HMAC-SHA256 under the key of the column's entity, if mesh.yaml lists
//	                  it, else of domain.product.column; NULL without the mesh's hash key
//	partial(f, l)     the first f and last l code points around ***; *** for short values
//	email             the first code point and ***@***
//	bucket(n)         the start of the bucket of width n: x less its remainder
//	truncate_date(u)  the start of the year, quarter, month, week, day, hour, minute or
//	                  second: a DATE of a DATE, else a DATETIME
//	expression        its value and type
//
// Hashes under one entity's key can be joined across domains, and so whoever
// may publish a product with that entity can compute the hashes of values that
// he guesses: the guild lists only entities whose domains trust each other.
//
// A word of this list is that mask; a column with such a name is written in
// backquotes.
package governance
