package machine

// processes are the scenes in which this test binary is another test process.
var processes = map[string]func(){}
