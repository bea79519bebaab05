# A function of CMake (3.20) for scripts:
#
#   include(/usr/share/bpfscript/bpfscript.cmake)
#   bpfscript_object(opens SOURCE opens.bt FLAGS --kernel debian-12)
#
# makes opens.o in the build folder by the target `opens`, which is part of `all`, and again when the script changes, or
# anything that it depends on. BPFSCRIPT is the command. The object's path is the property BPFSCRIPT_OBJECT of the target.
find_program(BPFSCRIPT bpfscript REQUIRED)

function(bpfscript_object name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "SOURCE" "FLAGS")
  if(NOT arg_SOURCE)
    message(FATAL_ERROR "bpfscript_object(${name}) needs SOURCE")
  endif()
  get_filename_component(source "${arg_SOURCE}" ABSOLUTE)
  set(object "${CMAKE_CURRENT_BINARY_DIR}/${name}.o")
  add_custom_command(
    OUTPUT "${object}"
    COMMAND "${BPFSCRIPT}" build ${arg_FLAGS} -MD -MF "${object}.d" "${source}" -o "${object}"
    DEPENDS "${source}"
    DEPFILE "${object}.d"
    COMMENT "Compiling ${arg_SOURCE}"
    VERBATIM)
  add_custom_target(${name} ALL DEPENDS "${object}")
  set_target_properties(${name} PROPERTIES BPFSCRIPT_OBJECT "${object}")
endfunction()
