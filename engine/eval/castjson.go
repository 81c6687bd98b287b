package eval

import "github.com/meshql/meshql/planner/mysqltype"

func castJSON(from mysqltype.Type, env *Env) kernel { return nil }
