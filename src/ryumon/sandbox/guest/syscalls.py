"""System calls by name, for x86_64 and aarch64.

Numbers are the kernel's own, which never change: `asm/unistd_64.h` and `asm-generic/unistd.h`. Only calls that the
sandbox makes or allows are here.
"""

import os

# Memory, clocks, waiting, reading: nothing that reaches beyond the child.
ALWAYS = """
read write open close stat fstat lstat poll lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask rt_sigreturn
pread64 pwrite64 readv writev access pipe select sched_yield mremap msync madvise dup dup2 pause nanosleep getitimer
alarm setitimer getpid sendfile recvfrom shutdown getsockname getpeername getsockopt exit wait4 uname fsync
fdatasync ftruncate getdents getcwd chdir fchdir readlink umask gettimeofday getrlimit getrusage sysinfo times getuid
getgid geteuid getegid getppid getpgrp getgroups getresuid getresgid getpgid getsid capget rt_sigpending
rt_sigtimedwait rt_sigsuspend sigaltstack statfs fstatfs getpriority sched_getparam sched_getscheduler
sched_get_priority_max sched_get_priority_min arch_prctl gettid time futex sched_getaffinity epoll_create
getdents64 set_tid_address restart_syscall clock_gettime clock_getres clock_nanosleep exit_group epoll_wait epoll_ctl
waitid openat newfstatat readlinkat faccessat pselect6 ppoll set_robust_list get_robust_list epoll_pwait eventfd
fallocate timerfd_create timerfd_settime timerfd_gettime eventfd2 epoll_create1 dup3 pipe2 preadv pwritev getcpu
getrandom copy_file_range statx rseq close_range faccessat2 epoll_pwait2 membarrier sched_getattr futex_waitv
"""

# Only where the child has a work folder of its own, and can change no other file.
WORK_FOLDER = """
truncate rename mkdir rmdir creat link unlink symlink chmod fchmod chown fchown lchown utime utimes mkdirat fchownat
futimesat unlinkat renameat linkat symlinkat fchmodat utimensat renameat2
"""

# Safe once a pid namespace bounds whom they reach, and makes the child a process that no signal of its own kills.
NAMESPACED = """
kill tkill tgkill setsid setpgid timer_create timer_settime timer_gettime timer_getoverrun timer_delete
"""

# Only where a task allows more than one process.
PROCESSES = """
fork vfork execve execveat pidfd_open
"""

# Allowed for some arguments only.
FILTERED = """
clone clone3 ioctl fcntl prctl setrlimit prlimit64 sendto socketpair preadv2 pwritev2
"""

# Refused to trusted roles where no namespace holds them: the network, other processes, other users' files, mounts, and
# ways around a filter. Arguments decide on `clone`, `clone3`, `prlimit64` and `socketpair` of theirs.
NOT_FOR_ROLES = """
socket connect bind listen accept accept4 io_uring_setup io_uring_enter io_uring_register ptrace process_vm_readv
process_vm_writev pidfd_getfd kcmp setpriority sched_setaffinity sched_setscheduler sched_setparam sched_setattr
ioprio_set migrate_pages move_pages shmget msgget semget mq_open keyctl add_key request_key bpf perf_event_open
userfaultfd chmod fchmod fchmodat fchmodat2 chown lchown fchown fchownat utime utimes futimesat utimensat setxattr
lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat mount umount2 fsopen fsmount
fsconfig fspick move_mount open_tree mount_setattr pivot_root chroot unshare setns name_to_handle_at open_by_handle_at
file_setattr
"""

# Starting a process, refused to roles that need none.
FORKS = """
fork vfork
"""

# name:x86_64:aarch64, the last empty where that machine has no such call.
_TABLE = """
read:0:63 write:1:64 open:2: close:3:57 stat:4: fstat:5:80 lstat:6: poll:7: lseek:8:62 mmap:9:222 mprotect:10:226
munmap:11:215 brk:12:214 rt_sigaction:13:134 rt_sigprocmask:14:135 rt_sigreturn:15:139 pread64:17:67 pwrite64:18:68
readv:19:65 writev:20:66 access:21: pipe:22: select:23: sched_yield:24:124 mremap:25:216 msync:26:227 madvise:28:233
dup:32:23 dup2:33: pause:34: nanosleep:35:101 getitimer:36:102 alarm:37: setitimer:38:103 getpid:39:172
sendfile:40:71 recvfrom:45:207 shutdown:48:210 getsockname:51:204 getpeername:52:205 getsockopt:55:209 exit:60:93
wait4:61:260 uname:63:160 fsync:74:82 fdatasync:75:83 truncate:76:45 ftruncate:77:46 getdents:78:
getcwd:79:17 chdir:80:49 fchdir:81:50 rename:82: mkdir:83: rmdir:84: creat:85: link:86: unlink:87: symlink:88:
readlink:89: chmod:90: fchmod:91:52 chown:92: fchown:93:55 lchown:94: umask:95:166 gettimeofday:96:169
getrlimit:97:163 getrusage:98:165 sysinfo:99:179 times:100:153 getuid:102:174 getgid:104:176 geteuid:107:175
getegid:108:177 getppid:110:173 getpgrp:111: getgroups:115:158 getresuid:118:148 getresgid:120:150 getpgid:121:155
getsid:124:156 capget:125:90 rt_sigpending:127:136 rt_sigtimedwait:128:137 rt_sigsuspend:130:133 sigaltstack:131:132
utime:132: statfs:137:43 fstatfs:138:44 getpriority:140:141 sched_getparam:143:121 sched_getscheduler:145:120
sched_get_priority_max:146:125 sched_get_priority_min:147:126 arch_prctl:158: setrlimit:160:164 gettid:186:178
time:201: futex:202:98 sched_getaffinity:204:123 epoll_create:213: getdents64:217:61 set_tid_address:218:96
restart_syscall:219:128 timer_create:222:107 timer_settime:223:110 timer_gettime:224:108
timer_getoverrun:225:109 timer_delete:226:111 clock_gettime:228:113 clock_getres:229:114 clock_nanosleep:230:115
exit_group:231:94 epoll_wait:232: epoll_ctl:233:21 utimes:235: waitid:247:95 openat:257:56 mkdirat:258:34
fchownat:260:54 futimesat:261: newfstatat:262:79 unlinkat:263:35 renameat:264:38 linkat:265:37 symlinkat:266:36
readlinkat:267:78 fchmodat:268:53 faccessat:269:48 pselect6:270:72 ppoll:271:73 set_robust_list:273:99
get_robust_list:274:100 utimensat:280:88 epoll_pwait:281:22 eventfd:284: fallocate:285:47 timerfd_create:283:85
timerfd_settime:286:86 timerfd_gettime:287:87 eventfd2:290:19 epoll_create1:291:20 dup3:292:24 pipe2:293:59
preadv:295:69 pwritev:296:70 prlimit64:302:261 getcpu:309:168 getrandom:318:278 renameat2:316:276
copy_file_range:326:285 preadv2:327:286 pwritev2:328:287 statx:332:291 rseq:334:293 close_range:436:436
faccessat2:439:439 epoll_pwait2:441:441 membarrier:324:283 sched_getattr:315:275 futex_waitv:449:449 kill:62:129
tkill:200:130 tgkill:234:131 setsid:112:157 setpgid:109:154 fork:57: vfork:58: execve:59:221 execveat:322:281
pidfd_open:434:434 clone:56:220 clone3:435:435 ioctl:16:29 fcntl:72:25 prctl:157:167 sendto:44:206 socketpair:53:199
mount:165:40 capset:126:91
landlock_create_ruleset:444:444 landlock_add_rule:445:445 landlock_restrict_self:446:446
socket:41:198 connect:42:203 bind:49:200 listen:50:201 accept:43:202 accept4:288:242 io_uring_setup:425:425
io_uring_enter:426:426 io_uring_register:427:427 ptrace:101:117 process_vm_readv:310:270 process_vm_writev:311:271
pidfd_getfd:438:438 kcmp:312:272 setpriority:141:140 sched_setaffinity:203:122 sched_setscheduler:144:119
sched_setparam:142:118 sched_setattr:314:274 ioprio_set:251:30 migrate_pages:256:238 move_pages:279:239 shmget:29:194
msgget:68:186 semget:64:190 mq_open:240:180 keyctl:250:219 add_key:248:217 request_key:249:218 bpf:321:280
perf_event_open:298:241 userfaultfd:323:282 fchmodat2:452:452 setxattr:188:5 lsetxattr:189:6 fsetxattr:190:7
setxattrat:463:463 removexattr:197:14 lremovexattr:198:15 fremovexattr:199:16 removexattrat:466:466 umount2:166:39
fsopen:430:430 fsmount:432:432 fsconfig:431:431 fspick:433:433 move_mount:429:429 open_tree:428:428
mount_setattr:442:442 pivot_root:155:41 chroot:161:51 unshare:272:97 setns:308:268 name_to_handle_at:303:264
open_by_handle_at:304:265 file_setattr:469:469
"""

_COLUMN = {"x86_64": 1, "aarch64": 2}
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
MACHINE = os.uname().machine


def numbers(machine: str = MACHINE) -> dict[str, int]:
    """Returns the numbers of the calls that `machine` has; empty for a machine that is not in the table."""
    column = _COLUMN.get(machine)
    rows = (row.split(":") for row in _TABLE.split())
    return {row[0]: int(row[column]) for row in rows if row[column]} if column else {}
