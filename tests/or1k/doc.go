// Package or1k tests the or1k target.
package or1k
