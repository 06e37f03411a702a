// Package ppc tests the ppc target.
package ppc
