package optimize

// Logical are the rules whose result depends on the query and the policies only.
var Logical = []Rule{
	// min_group policies bind the aggregate above their relation.
	{Name: "DischargeMinGroup", Apply: dischargeMinGroup, Required: true},
}

// CostBased are the rules that look at statistics.
var CostBased = []Rule{}
