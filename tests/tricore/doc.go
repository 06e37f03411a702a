// Package tricore tests the tricore target.
package tricore
