# SPDX-License-Identifier: Apache-2.0
"""Which mnemonics domain code may use, by encoding, and which rule names each refused family.

Written from the instruction set manuals' chapters, not from the verifier's table. Names are those GNU objdump prints with -M suffix.
What stands in no list below is refused (rule V0).
"""
import re


def expand(text):
    """All words of `text` with braces expanded: "{add,sub}p{s,d}" gives addps addpd subps subpd."""
    words = set()
    for word in text.split():
        pending = [word]
        while pending:
            item = pending.pop()
            group = re.search(r"\{([^{}]*)\}", item)
            if not group:
                words.add(item)
                continue
            pending += [item[:group.start()] + choice + item[group.end():] for choice in group.group(1).split(",")]
    return words


CONDITIONS = "a ae b be e ne g ge l le o no p np s ns".split()

# Destination register and first source are swapped in the opcode; objdump marks the spelling GNU as does not choose with ".s".
SWAPPED = expand("{add,or,adc,sbb,and,sub,xor,cmp,mov}{b,w,l,q}.s mov{ap,up}{s,d}.s mov{ss,sd,dqa,dqu}.s")

INTEGER = expand("""
    {add,or,adc,sbb,and,sub,xor,cmp,test,mov,xchg,xadd,cmpxchg}{b,w,l,q} cmpxchg8b cmpxchg16b
    {inc,dec,neg,not,mul,imul,div,idiv,rol,ror,rcl,rcr,shl,shr,sar}{b,w,l,q} {shld,shrd}{w,l,q}
    {bt,bts,btr,btc,bsf,bsr,popcnt,lzcnt,tzcnt,lea,movbe}{w,l,q} bswap crc32{b,w,l,q}
    movzb{w,l,q} movzw{l,q} movsb{w,l,q} movsw{l,q} movslq movabsq
    cbtw cwtl cltq cwtd cltd cqto lahf sahf clc stc cmc cld
    adcx{l,q} adox{l,q} movnti{l,q} pause lfence sfence mfence
    prefetch{nta,t0,t1,t2,w}
""") | {"cmov" + c + w for c in CONDITIONS for w in "wlq"} | {"set" + c for c in CONDITIONS}

# BMI1 and BMI2 are VEX-encoded integer instructions.
VEX_INTEGER = expand("{andn,bextr,blsi,blsmsk,blsr,bzhi,mulx,pdep,pext,rorx,sarx,shlx,shrx}{l,q}")

X87 = expand("""
    fld{,s,l,t,1,l2t,l2e,pi,lg2,ln2,z} fst{,s,l} fstp{,s,l,t} fild{s,l,ll} fist{s,l} fistp{s,l,ll} fisttp{s,l,ll}
    f{add,mul,sub,subr,div,divr}{,s,l,p} fi{add,mul,sub,subr,div,divr}{s,l}
    fcom{,s,l,p,ps,pl,pp,i,ip} fucom{,p,pp,i,ip} ficom{s,l} ficomp{s,l} ftst fxam
    fcmov{b,e,be,u,nb,ne,nbe,nu} fxch ffree fincstp fdecstp
    fabs fchs fsqrt fscale fprem fprem1 frndint fxtract f2xm1 fyl2x fyl2xp1 fsin fcos fsincos fptan fpatan
    fnstsw
""")

COMPARE = "eq,lt,le,unord,neq,nlt,nle,ord"
SSE = expand("""
    mov{ap,up,ntp,mskp,hp,lp}{s,d} mov{hl,lh}ps mov{ss,sd,d,q,dqa,dqu,ntdq,ntdqa,ddup,shdup,sldup} lddqu
    {add,sub,mul,div,min,max,sqrt}{ps,pd,ss,sd} {rcp,rsqrt}{ps,ss} {and,andn,or,xor}p{s,d} {add,h}subp{s,d} haddp{s,d}
    cmp{,%s}{ps,pd,ss,sd} {u,}comis{s,d} shufp{s,d} unpck{l,h}p{s,d}
    cvt{dq2pd,dq2ps,pd2dq,pd2ps,ps2dq,ps2pd,tpd2dq,tps2dq,sd2si,ss2si,tsd2si,tss2si,sd2ss,ss2sd} cvtsi2s{d,s}{l,q}
    padd{b,w,d,q,sb,sw,usb,usw} psub{b,w,d,q,sb,sw,usb,usw} pand pandn por pxor pavg{b,w}
    pcmpeq{b,w,d,q} pcmpgt{b,w,d,q} pcmp{e,i}str{i,m} pcmpestr{i,m}l
    pmadd{wd,ubsw} p{max,min}{sb,sw,sd,ub,uw,ud} pmul{hw,huw,lw,ld,udq,dq,hrsw} psadbw mpsadbw phminposuw
    psll{w,d,q,dq} psrl{w,d,q,dq} psra{w,d} packss{wb,dw} packus{wb,dw} palignr
    punpck{l,h}{bw,wd,dq,qdq} pshuf{b,d,hw,lw} pmovmskb pmov{s,z}x{bw,bd,bq,wd,wq,dq} pextr{b,w,d,q} pinsr{b,w,d,q}
    pabs{b,w,d} phadd{w,d,sw} phsub{w,d,sw} psign{b,w,d} extractps insertps
    blendp{s,d} blendvp{s,d} pblendvb pblendw dpp{s,d} round{ps,pd,ss,sd} ptest
    aes{enc,enclast,dec,declast,imc,keygenassist} pclmul{q,lqlq,hqlq,lqhq,hqhq}dq
    sha1{rnds4,nexte,msg1,msg2} sha256{rnds2,msg1,msg2} gf2p8{mulb,affineqb,affineinvqb}
""" % COMPARE)

AVX_COMPARE = ("eq,lt,le,unord,neq,nlt,nle,ord,eq_uq,nge,ngt,false,neq_oq,ge,gt,true,eq_os,lt_oq,le_oq,unord_s,neq_us,nlt_uq,nle_uq,"
               "ord_s,eq_us,nge_uq,ngt_uq,false_os,neq_os,ge_oq,gt_oq,true_us")
FMA = "vf{,n}{madd,msub}{132,213,231}{ps,pd,ss,sd} vf{maddsub,msubadd}{132,213,231}p{s,d}"
# Spelled alike under VEX and under EVEX.
VECTOR = """
    vmov{ap,up,ntp,hp,lp}{s,d} vmov{hl,lh}ps vmov{ss,sd,d,q,ntdq,ntdqa,ddup,shdup,sldup}
    v{add,sub,mul,div,min,max,sqrt}{ps,pd,ss,sd} v{and,andn,or,xor}p{s,d} vcmp{,%s}{ps,pd,ss,sd} v{u,}comis{s,d} vshufp{s,d}
    vunpck{l,h}p{s,d}
    vcvt{dq2pd,dq2ps,ps2dq,ps2pd,tps2dq,sd2si,ss2si,tsd2si,tss2si,sd2ss,ss2sd,ph2ps,ps2ph} vcvt{pd2dq,tpd2dq,pd2ps}{,x,y} vcvtsi2s{d,s}{l,q}
    vpadd{b,w,d,q,sb,sw,usb,usw} vpsub{b,w,d,q,sb,sw,usb,usw} vpavg{b,w} vpcmpeq{b,w,d,q} vpcmpgt{b,w,d,q}
    vpmadd{wd,ubsw} vp{max,min}{sb,sw,sd,ub,uw,ud} vpmul{hw,huw,lw,ld,udq,dq,hrsw} vpsadbw
    vpsll{w,d,q,dq} vpsrl{w,d,q,dq} vpsra{w,d} vps{ll,rl}v{d,q} vpsravd vpackss{wb,dw} vpackus{wb,dw} vpalignr
    vpunpck{l,h}{bw,wd,dq,qdq} vpshuf{b,d,hw,lw} vpmov{s,z}x{bw,bd,bq,wd,wq,dq} vpextr{b,w,d,q} vpinsr{b,w,d,q} vpabs{b,w,d}
    vextractps vinsertps vpermilp{s,d} vperm{d,q,ps,pd} vbroadcasts{s,d} vpbroadcast{b,w,d,q}
    vaes{enc,enclast,dec,declast} vpclmul{q,lqlq,hqlq,lqhq,hqhq}dq vgf2p8{mulb,affineqb,affineinvqb}
""" % AVX_COMPARE + FMA

VEX = VEX_INTEGER | expand(VECTOR + """
    vmov{ap,up}{s,d}.s vmov{ss,sd,q,dqa,dqu}.s vmov{dqa,dqu} vmovmskp{s,d} vlddqu v{rcp,rsqrt}{ps,ss} v{add,h}subp{s,d} vhaddp{s,d}
    vpand vpandn vpor vpxor vpcmp{e,i}str{i,m} vpcmpestr{i,m}l vmpsadbw vphminposuw vpmovmskb
    vphadd{w,d,sw} vphsub{w,d,sw} vpsign{b,w,d} vblendp{s,d} vblendvp{s,d} vpblendvb vpblendw vpblendd vdpp{s,d} vround{ps,pd,ss,sd}
    vptest vtestp{s,d} vaes{imc,keygenassist} vzeroupper vzeroall vmaskmovp{s,d} vpmaskmov{d,q}
    vbroadcast{f,i}128 v{insert,extract}{f,i}128 vperm2{f,i}128
    k{and,andn,or,xor,xnor,add,mov,not,ortest,test,shiftl,shiftr}{b,w,d,q} kunpck{bw,wd,dq}
""")

INTEGER_COMPARE = "eq,lt,le,neq,nlt,nle"
EVEX = expand(VECTOR + """
    vmov{ap,up}{s,d}.s vmov{ss,sd,q}.s vmovdqa{32,64}{,.s} vmovdqu{8,16,32,64}{,.s}
    vp{and,andn,or,xor}{d,q} vpabsq vp{max,min}{s,u}q vpmullq vpsraq vpsravq vps{ll,rl,ra}vw vpro{l,r}{,v}{d,q} vpternlog{d,q}
    vpcmp{,%s}{,u}{b,w,d,q} vptest{,n}m{b,w,d,q} vpmov{b,w,d,q}2m vpmovm2{b,w,d,q} vpbroadcastm{b2q,w2d}
    vpmov{,s,us}{wb,db,dw,qb,qw,qd} valign{d,q} vblendmp{s,d} vpblendm{b,w,d,q}
    v{compress,expand}p{s,d} vp{compress,expand}{b,w,d,q} vperm{b,w} vperm{i,t}2{b,w,d,q,ps,pd} vpmultishiftqb
    vcvt{pd2udq,tpd2udq,qq2ps,uqq2ps}{,x,y} vcvt{,t}p{s,d}2{,u}qq vcvt{,t}ps2udq vcvt{u,}qq2pd vcvtudq2p{s,d}
    vcvt{,t}s{s,d}2usi vcvtusi2s{s,d}{l,q}
    vfixupimm{ps,pd,ss,sd} vgetexp{ps,pd,ss,sd} vgetmant{ps,pd,ss,sd} vrange{ps,pd,ss,sd} vreduce{ps,pd,ss,sd} vrndscale{ps,pd,ss,sd}
    vrcp14{ps,pd,ss,sd} vrsqrt14{ps,pd,ss,sd} vscalef{ps,pd,ss,sd} vfpclass{ss,sd} vfpclassp{s,d}{,x,y,z}
    vbroadcast{f,i}{32x2,32x4,32x8,64x2,64x4} v{insert,extract}{f,i}{32x4,32x8,64x2,64x4} vshuf{f,i}{32x4,64x2} vdbpsadbw
    vpconflict{d,q} vplzcnt{d,q} vpopcnt{b,w,d,q} vpshufbitqmb vpshld{w,d,q} vpshrd{w,d,q} vpshldv{w,d,q} vpshrdv{w,d,q}
    vpmadd52{l,h}uq vpdpbusd{,s} vpdpwssd{,s} vcvtne2ps2bf16 vcvtneps2bf16{,x,y} vdpbf16ps
""" % INTEGER_COMPARE)

LEGACY = INTEGER | SWAPPED | X87 | SSE

# Families the rules refuse by name; only for naming the rule, the lists above decide.
FORBIDDEN = tuple((rule, re.compile("(" + pattern + ")$")) for rule, pattern in (
    ("V9b", r"f(n?(init|save|stenv|stcw|clex|setpm)|ld(cw|env)|rstor|wait)\w*|v?(ld|st)mxcsr|f?emms|movdq2q|movq2dq|maskmovq|pshufw|movntq|"
            r"cvtt?p[sd]2pi|cvtpi2p[sd]"),
    ("V9", r"ret[wq]?"),
    ("V3", r"movabs\w+"),
    ("V8", r"(jmp|call)[wq]?"),
    ("V10", r"(movs|cmps|stos|lods|scas|ins|outs)[bwlq]|std"),
    ("V11", r"push\w*|pop[fwq]\w*|enter\w*|leave\w*|xlat|v?maskmovdqu|int1?|into|iret\w*|uiret|l(ret|jmp|call)\w*|sys\w+"),
    ("V11", r"loop\w*|jr?e?cxz|x[\w-]+|(rd|wr)(fs|gs)base|swapgs|l[defgs]s\w*|monitorx?|mwaitx?|umonitor|umwait|tpause"),
    ("V11", r"clzero|clflush\w*|clwb|cldemote|movdir\w+|enqcmds?|(rd|wru?)(ss[dqp]\w*|pkru|msr|pru|pmc)\w*|rdpid|rdtscp?|cpuid"),
    ("V11", r"vm\w+|f?x(save|rstor)\w*|fx\w+|[sl](gdt|idt|ldt|msw|tr)\w*|str\w*|hlt|cli|sti|in[bwl]?|out[bwl]?"),
    ("V11", r"vp?(gather|scatter)\w*|tile\w+|tdp\w+|(ld|st)tilecfg|incssp\w*|rstorssp|saveprevssp"),
))


def refusing_rule(mnemonic):
    """The rule that names a refused mnemonic's family; V0 (not in the table) when none does."""
    for rule, pattern in FORBIDDEN:
        if pattern.match(mnemonic):
            return rule
    return "V0"
