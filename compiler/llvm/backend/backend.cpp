// The back end: LLVM text in, a BPF object (or assembly, or optimised IR) out, for Node.
//
// llvm-bindings builds modules and cannot emit them; this addon does, over LLVM's API. The objects of llvm-bindings are
// linked into it, so that there is one copy of LLVM: what it exports to Node, this addon does too (build-backend.sh).

#include "far-jumps.h"
#include "islands.h"
#include "measure.h"
#include "memory.h"
#include "workers.h"

#include <node_api.h>

#include <IR/LLVMContext.h>
#include <llvm-c/Analysis.h>
#include <llvm-c/Core.h>
#include <llvm-c/ErrorHandling.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <llvm/Config/llvm-config.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/StringMap.h>
#include <llvm/AsmParser/LLParser.h>
#include <llvm/CodeGen/MachineModuleInfo.h>
#include <llvm/CodeGen/Passes.h>
#include <llvm/CodeGen/TargetPassConfig.h>
#include <llvm/IR/InstrTypes.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/CommandLine.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Transforms/Utils/Cloning.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace {

struct Failure : std::runtime_error {
	using std::runtime_error::runtime_error;
};

// LLVM frees these by functions of its own.
template <typename T, void (*Dispose)(T)> struct Owned {
	T value;
	explicit Owned(T value) : value(value) {}
	~Owned() { reset(); }
	Owned(const Owned &) = delete;
	Owned &operator=(const Owned &) = delete;
	void reset()
	{
		if (value)
			Dispose(value);
		value = nullptr;
	}
};

using Context = Owned<LLVMContextRef, LLVMContextDispose>;
using Module = Owned<LLVMModuleRef, LLVMDisposeModule>;
using Machine = Owned<LLVMTargetMachineRef, LLVMDisposeTargetMachine>;
using Options = Owned<LLVMPassBuilderOptionsRef, LLVMDisposePassBuilderOptions>;

struct Message {
	char *text = nullptr;
	~Message() { LLVMDisposeMessage(text); }
	std::string string() const { return text ? text : "no reason given"; }
};

// LLVM calls this for errors that it cannot return and ends the process when the handler returns, so it must not.
void throwFatal(const char *reason)
{
	throw Failure(std::string("LLVM: ") + reason);
}

// What the back end says of a function, such as a stack that is too large: errors are collected, and emission fails.
void collectDiagnostic(LLVMDiagnosticInfoRef info, void *messages)
{
	if (LLVMGetDiagInfoSeverity(info) != LLVMDSError)
		return;
	char *description = LLVMGetDiagInfoDescription(info);
	auto &all = *static_cast<std::string *>(messages);
	if (!all.empty() && all.back() != '\n')
		all += '\n';
	all += description;
	LLVMDisposeMessage(description);
}

// The verifier's message does not always name a function: ask for each in turn.
void verify(LLVMModuleRef module)
{
	Message message;
	if (!LLVMVerifyModule(module, LLVMReturnStatusAction, &message.text))
		return;
	std::string culprits;
	for (LLVMValueRef f = LLVMGetFirstFunction(module); f; f = LLVMGetNextFunction(f)) {
		if (LLVMIsDeclaration(f) || !LLVMVerifyFunction(f, LLVMReturnStatusAction))
			continue;
		size_t length;
		const char *name = LLVMGetValueName2(f, &length);
		culprits += (culprits.empty() ? " in " : ", ") + std::string(name, length);
	}
	throw Failure("broken IR" + culprits + ": " + message.string());
}

// LLVM's own way verifies debug information, that is all of the module, lest it be of an old LLVM;
// verify() follows.
LLVMModuleRef read(const std::string &ir, LLVMContextRef context)
{
	auto module = std::make_unique<llvm::Module>("module", *llvm::unwrap(context));
	llvm::SourceMgr sources;
	sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBuffer(ir, "module"), {});
	llvm::SMDiagnostic diagnostic;
	llvm::LLParser parser(ir, sources, diagnostic, module.get(), nullptr, *llvm::unwrap(context));
	const bool upgradesDebugInfo = false;
	if (!parser.Run(upgradesDebugInfo, [](llvm::StringRef) { return llvm::None; }))
		return llvm::wrap(module.release());
	std::string message;
	llvm::raw_string_ostream stream(message);
	diagnostic.print(nullptr, stream, false);
	throw Failure("unreadable IR: " + stream.str());
}

LLVMTargetMachineRef createMachine(const std::string &triple, const std::string &cpu)
{
	LLVMTargetRef target;
	Message message;
	if (LLVMGetTargetFromTriple(triple.c_str(), &target, &message.text))
		throw Failure(message.string());
	LLVMTargetMachineRef machine =
		LLVMCreateTargetMachine(target, triple.c_str(), cpu.c_str(), "", LLVMCodeGenLevelDefault,
					LLVMRelocDefault, LLVMCodeModelDefault);
	if (!machine)
		throw Failure("no machine for " + triple);
	return machine;
}

// What is always inlined, without the estimate of block frequencies that LLVM's own pass makes anew for each call.
void inlinePrimitives(llvm::Module &module)
{
	for (llvm::Function &function : llvm::make_early_inc_range(module)) {
		if (function.isDeclaration() || !function.hasFnAttribute(llvm::Attribute::AlwaysInline))
			continue;
		for (llvm::User *user : llvm::make_early_inc_range(function.users())) {
			auto *call = llvm::dyn_cast<llvm::CallBase>(user);
			llvm::InlineFunctionInfo info;
			if (!call || call->getCalledFunction() != &function)
				throw Failure("the address of " + function.getName().str() + " is taken");
			llvm::InlineResult result = llvm::InlineFunction(*call, info);
			if (!result.isSuccess())
				throw Failure(function.getName().str() + " cannot be inlined: " +
					      result.getFailureReason());
		}
		if (function.hasLocalLinkage())
			function.eraseFromParent();
	}
}

void runPasses(LLVMModuleRef module, LLVMTargetMachineRef machine, const std::string &passes)
{
	Options options(LLVMCreatePassBuilderOptions());
	LLVMPassBuilderOptionsSetLoopUnrolling(options.value, false);
	LLVMPassBuilderOptionsSetLoopVectorization(options.value, false);
	LLVMPassBuilderOptionsSetSLPVectorization(options.value, false);
	LLVMPassBuilderOptionsSetLoopInterleaving(options.value, false);
	if (LLVMErrorRef error = LLVMRunPasses(module, passes.c_str(), machine, options.value)) {
		char *text = LLVMGetErrorMessage(error);
		Failure failure(std::string("passes: ") + text);
		LLVMDisposeErrorMessage(text);
		throw failure;
	}
}

// BTF's line records are all that is wanted of debug information in an object: no DWARF, which LLVM writes unless a module asks for
// Windows' form alone (AsmPrinter::doInitialization), and which it has no writer for here.
void leaveOutDwarf(llvm::Module &module)
{
	module.addModuleFlag(llvm::Module::Warning, "CodeView", 1);
}

// Passes that look for what no function of ours has: values of variables in debug information,
// lifetimes of stack slots, and the setting up of a frame, with what prepares that. All objects are
// the same without them.
void leaveOutPasses(llvm::TargetPassConfig &config)
{
	config.disablePass(&llvm::LiveDebugValuesID);
	config.disablePass(&llvm::RemoveRedundantDebugValuesID);
	config.disablePass(&llvm::StackColoringID);
	config.disablePass(&llvm::ShrinkWrapID);
	config.disablePass(&llvm::PostRAMachineSinkingID);
}

// What LLVMTargetMachine::addPassesToEmitFile does, but for those passes. `addLast` adds what takes the code of a function.
template <typename AddLast>
void generate(llvm::Module &module, LLVMTargetMachineRef machine, bool keepsBlocks, AddLast addLast)
{
	auto &target = *reinterpret_cast<llvm::LLVMTargetMachine *>(machine);
	llvm::legacy::PassManager passes;
	auto *information = new llvm::MachineModuleInfoWrapperPass(&target);
	llvm::TargetPassConfig *config = target.createPassConfig(passes);
	config->setDisableVerify(true);
	leaveOutPasses(*config);
	if (keepsBlocks)
		config->disablePass(&llvm::BranchFolderPassID);
	passes.add(config);
	passes.add(information);
	bool fails = config->addISelPasses();
	config->addMachinePasses();
	config->setInitialized();
	if (fails || !addLast(target, passes, information->getMMI().getContext()))
		throw Failure("no way to write objects");
	passes.add(llvm::createFreeMachineFunctionPass());
	passes.run(module);
}

std::string write(llvm::Module &module, LLVMTargetMachineRef machine, bool keepsBlocks, llvm::CodeGenFileType kind)
{
	llvm::SmallString<0> result;
	llvm::raw_svector_ostream stream(result);
	generate(module, machine, keepsBlocks, [&](auto &target, auto &passes, auto &context) {
		passes.add(createIslandsPass());
		return !target.addAsmPrinter(passes, stream, nullptr, kind, context);
	});
	return result.str().str();
}

// Of the largest function: the instructions that it has at most, and the bytes of the largest frame.
std::string measure(llvm::Module &module, LLVMTargetMachineRef machine, bool keepsBlocks)
{
	Measures largest;
	generate(module, machine, keepsBlocks, [&](auto &, auto &passes, auto &) {
		passes.add(createMeasuringPass(largest));
		return true;
	});
	return std::to_string(largest.instructions) + " " + std::to_string(largest.frame);
}

// Jumps that the assembler cut off; functions have numbers in the order of their bodies.
std::string farJumps(const llvm::Module &module)
{
	std::set<unsigned> far = takeFarJumps();
	std::string text;
	unsigned number = 0;
	for (const llvm::Function &function : module)
		if (!function.isDeclaration() && far.count(number++))
			text += "in function " + function.getName().str() + " a jump is too long\n";
	return text;
}

struct Order {
	std::string ir, cpu, passes, output, blocks;
};

// All that it works on is its own: several threads may be in it.
std::string emit(const Order &order)
{
	// Declared before the context, which calls back into it until it is gone.
	std::string diagnostics;
	Context context(LLVMContextCreate());
	LLVMContextSetDiagnosticHandler(context.value, collectDiagnostic, &diagnostics);
	// A pointer has no type of what it points to, which the optimiser need not see through then.
	llvm::unwrap(context.value)->enableOpaquePointers();

	Module module(read(order.ir, context.value));
	verify(module.value);

	Machine machine(createMachine(LLVMGetTarget(module.value), order.cpu));
	inlinePrimitives(*llvm::unwrap(module.value));
	if (!order.passes.empty())
		runPasses(module.value, machine.value, order.passes);
	if (order.output == "ir") {
		Message text{LLVMPrintModuleToString(module.value)};
		return text.string();
	}

	bool keepsBlocks = order.blocks == "kept";
	if (order.output == "measures") {
		std::string text = measure(*llvm::unwrap(module.value), machine.value, keepsBlocks);
		if (!diagnostics.empty())
			throw Failure(diagnostics);
		return text;
	}

	auto kind = order.output == "assembly" ? llvm::CGFT_AssemblyFile : llvm::CGFT_ObjectFile;
	// In assembly it is what tells the lines of instructions (.loc).
	if (kind == llvm::CGFT_ObjectFile)
		leaveOutDwarf(*llvm::unwrap(module.value));
	takeFarJumps();
	std::string result = write(*llvm::unwrap(module.value), machine.value, keepsBlocks, kind);
	diagnostics += farJumps(*llvm::unwrap(module.value));
	if (!diagnostics.empty())
		throw Failure(diagnostics);
	return result;
}

bool stringOf(napi_env env, napi_value value, std::string &text)
{
	size_t length;
	if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok)
		return false;
	text.resize(length);
	return napi_get_value_string_utf8(env, value, text.data(), length + 1, &length) == napi_ok;
}

bool orderOf(napi_env env, napi_callback_info info, Order &order)
{
	size_t count = 5;
	napi_value arguments[5];
	if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok || count != 5) {
		napi_throw_type_error(env, nullptr, "an order has five arguments");
		return false;
	}
	std::string *texts[] = {&order.ir, &order.cpu, &order.passes, &order.output, &order.blocks};
	for (size_t i = 0; i < count; i++) {
		if (!stringOf(env, arguments[i], *texts[i])) {
			napi_throw_type_error(env, nullptr, "an order is texts");
			return false;
		}
	}
	return true;
}

// What `make` gives, as a buffer; what it throws becomes JavaScript's.
template <typename Make> napi_value bufferOf(napi_env env, Make make)
{
	try {
		std::string result = make();
		napi_value buffer;
		if (napi_create_buffer_copy(env, result.size(), result.data(), nullptr, &buffer) != napi_ok)
			throw Failure("no memory for the result");
		return buffer;
	} catch (const std::exception &failure) {
		napi_throw_error(env, nullptr, failure.what());
		return nullptr;
	}
}

// emit(ir: string, cpu: string, passes: string, output: 'object' | 'assembly' | 'ir' | 'measures',
//      blocks: 'folded' | 'kept'): Buffer
napi_value emitForNode(napi_env env, napi_callback_info info)
{
	Order order;
	if (!orderOf(env, info, order))
		return nullptr;
	return bufferOf(env, [&] { return emit(order); });
}

using Begun = std::shared_ptr<Work>;

// begin(...as emit): Begun, which another thread makes. What nobody has taken when it is collected is dropped.
napi_value beginForNode(napi_env env, napi_callback_info info)
{
	auto order = std::make_shared<Order>();
	if (!orderOf(env, info, *order))
		return nullptr;
	auto work = std::make_unique<Begun>(begin([order] { return emit(*order); }));
	auto forget = [](napi_env, void *data, void *) {
		std::unique_ptr<Begun> work(static_cast<Begun *>(data));
		drop(*work);
	};
	napi_value begun;
	if (napi_create_external(env, work.get(), forget, nullptr, &begun) != napi_ok) {
		drop(*work);
		napi_throw_error(env, nullptr, "no memory for what was begun");
		return nullptr;
	}
	work.release();
	return begun;
}

Begun *begunOf(napi_env env, napi_callback_info info)
{
	size_t count = 1;
	napi_value argument;
	void *data;
	if (napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr) != napi_ok || count != 1 ||
	    napi_get_value_external(env, argument, &data) != napi_ok) {
		napi_throw_type_error(env, nullptr, "it takes what was begun");
		return nullptr;
	}
	return static_cast<Begun *>(data);
}

// finish(begun: Begun): Buffer, as emit would have given it; once.
napi_value finishForNode(napi_env env, napi_callback_info info)
{
	Begun *begun = begunOf(env, info);
	return begun ? bufferOf(env, [&] { return finish(*begun); }) : nullptr;
}

// drop(begun: Begun): nobody wants it any more.
napi_value dropForNode(napi_env env, napi_callback_info info)
{
	if (Begun *begun = begunOf(env, info))
		drop(*begun);
	return nullptr;
}

// release(context: LLVMContext): frees a context of llvm-bindings, which never does that, and all modules in it. What
// JavaScript still has of them may not be used after that; the package's objects free nothing themselves.
napi_value releaseForNode(napi_env env, napi_callback_info info)
{
	size_t count = 1;
	napi_value argument;
	bool isContext = false;
	if (napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr) != napi_ok || count != 1 ||
	    napi_instanceof(env, argument, ::LLVMContext::constructor.Value(), &isContext) != napi_ok || !isContext) {
		napi_throw_type_error(env, nullptr, "release takes a context");
		return nullptr;
	}
	delete &::LLVMContext::Extract(Napi::Value(env, argument));
	return nullptr;
}

} // namespace

// What was the entry of llvm-bindings.
extern "C" napi_value registerLlvmBindings(napi_env env, napi_value exports);

NAPI_MODULE_INIT()
{
	if (!registerLlvmBindings(env, exports))
		return nullptr;
	ownMemory();
	LLVMInitializeBPFTargetInfo();
	LLVMInitializeBPFTarget();
	LLVMInitializeBPFTargetMC();
	LLVMInitializeBPFAsmPrinter();
	LLVMInitializeBPFAsmParser();
	// Block placement likes to put a loop's latch right before its head. Linux 6.1 takes a back
	// edge from jumps only, not from an instruction that runs on into the header (visit_insn in
	// kernel/bpf/verifier.c).
	// The order within blocks: scheduling.cpp.
	const char *options[] = {"bpfscript", "-disable-block-placement", "-pre-RA-sched=bpfscript"};
	std::string wrong;
	llvm::raw_string_ostream errors(wrong);
	if (!llvm::cl::ParseCommandLineOptions(std::size(options), options, "", &errors)) {
		napi_throw_error(env, nullptr, errors.str().c_str());
		return nullptr;
	}
	try {
		watchJumps();
	} catch (const std::exception &failure) {
		napi_throw_error(env, nullptr, failure.what());
		return nullptr;
	}
	LLVMResetFatalErrorHandler();
	LLVMInstallFatalErrorHandler(throwFatal);

	napi_value version;
	if (napi_create_string_utf8(env, LLVM_VERSION_STRING, NAPI_AUTO_LENGTH, &version) != napi_ok)
		return nullptr;
	const napi_property_descriptor functions[] = {
		{"version", nullptr, nullptr, nullptr, nullptr, version, napi_enumerable, nullptr},
		{"emit", nullptr, emitForNode, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
		{"begin", nullptr, beginForNode, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
		{"finish", nullptr, finishForNode, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
		{"drop", nullptr, dropForNode, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
		{"release", nullptr, releaseForNode, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
	};
	if (napi_define_properties(env, exports, sizeof(functions) / sizeof(*functions), functions) != napi_ok)
		return nullptr;
	return exports;
}
