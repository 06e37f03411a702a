// Package hppa tests the hppa target.
package hppa
