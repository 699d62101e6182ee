// Package server is all of Laurel's HTTP: what anybody may read, the check of a
// badge, and the operators' API. It decides nothing about badges; it binds a
// request, calls the domain, and renders the answer.
//
// Every route stands in routes.go. Every error of the domain becomes an HTTP
// answer in errors.go and nowhere else.
//
// # What is kept to itself
//
// One structured event is logged for each request. It names the route and not
// the path, because the id of a badge stands for a person, and holds no address
// of a client, no query, no header and no body.
package server
