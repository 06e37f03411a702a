// Package arm tests the arm target.
package arm
