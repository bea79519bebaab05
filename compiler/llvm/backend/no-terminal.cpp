// What LLVM asks of terminfo before it colours messages (Support/Unix/Process.inc). None of ours are printed by LLVM, so
// the addon needs no library for it: there is no terminal.

struct term;

extern "C" {

int setupterm(char *, int, int *error)
{
	if (error)
		*error = 0;
	return -1;
}

struct term *set_curterm(struct term *)
{
	return nullptr;
}

int del_curterm(struct term *)
{
	return 0;
}

int tigetnum(char *)
{
	return -1;
}
}
