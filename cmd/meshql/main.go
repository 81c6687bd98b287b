// Command meshql serves, queries, checks and publishes a data mesh.
package main

func main() {}
