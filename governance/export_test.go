package governance

// AllowedFunctions is for tests against the engine's library.
var AllowedFunctions = functions
