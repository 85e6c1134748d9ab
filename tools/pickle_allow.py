#!/usr/bin/env python3
"""Lists the classes of model libraries that a saved model may hold: pickle_allow.py [--review FILE] WHEEL... > catalog/pickle-classes.tsv

Wheels are read as archives and their Python sources parsed; nothing is imported or run. Of compiled modules the type names are taken that
the compiler left in them. A class is left out when a method that unpickling can reach (see REACHED) opens files, starts programs,
reaches the network, loads code or unpickles, itself or through a method of its own that it calls; --review lists those, with the reason.
Rows are `module<TAB>name<TAB>use<TAB>package`, sorted, one for each name: exact names only. An empty module is that of the row above."""
import argparse
import ast
import re
import sys
import warnings
import zipfile

warnings.filterwarnings("ignore")

# Parts of a module's path whose classes do not belong in a saved model.
SKIP_PARTS = set("""
test tests testing _testing conftest testing_utils test_utils setup benchmarks benchmark asv_bench examples example scripts script cli commands command
command_line main __main__ hub hubconf utils_hub pipelines pipeline_utils trainer_pt_utils datasets_fetch tutorials docs doc server serving app apps web plotting
plot plots _plot visualization viz notebook notebooks ipython jupyter io html jit fx package _dynamo _inductor _export export onnx onnx_export
_functorch functorch _decomp _refs _prims _prims_common _logging _strobelight _vendor _distutils distutils f2py cpp_extension hipify bottleneck
collect_env model_zoo tensorboard _sympy profiler _lazy monitor multiprocessing _subclasses _library _higher_order_ops _vmap_internals
backcompat _config_module _debug _numpy contrib_cli clearml comet dvc mlflow neptune raytune wandb hpo callbacks_hub install setuptools deploy
dataframe_protocol interchange _build_utils fixes_hub download downloads _downloader file_utils fs connectors_cli connectors launch launcher
launchers elastic rpc store rendezvous checkpoint_engine solutions trackers nas assets annotator autoinstall build_py config_cli
experimental_cli cluster_cli kernels_cli sklearn_tags debug_utils debugging safetensors_conversion mock dask spark ray pyspark
executors fileio storages fetching fetchers vendor externals parallel _external remote
""".split())
# Modules that are in even so, though a part of their path is in SKIP_PARTS.
KEEP_MODULES = set("""sklearn.pipeline imblearn.pipeline sklearn.externals.joblib.numpy_pickle torch.package._mock joblib.numpy_pickle
torch.nn.parallel.data_parallel torch.nn.parallel.distributed""".split())
SKIP_MODULES = set("""
torch.hub torch.package torch.serialization torch._weights_only_unpickler torch.utils._config_module torch._classes torch._ops torch._VF torch._compile
torch._guards torch._lobpcg torch._deploy torch._python_dispatcher torch._sources torch._jit_internal torch.cuda._gpu_trace torch.utils.hooks_cli
numpy.lib._datasource numpy.lib.npyio numpy.lib._npyio_impl numpy.ctypeslib numpy.ctypeslib._ctypeslib numpy.core.memmap numpy._core.memmap numpy.core._ufunc_config
joblib.memory joblib._memmapping_reducer joblib._store_backends joblib.disk joblib.pool joblib.executor joblib.parallel joblib._parallel_backends joblib.compressor
pandas.util._decorators sklearn.utils._openmp_helpers sklearn.utils._cython_blas transformers.utils.import_utils transformers.dynamic_module_utils
transformers.convert_slow_tokenizer transformers.agents.agents catboost.eval.catboost_evaluation gensim.downloader
""".split())
SKIP_NAMES = re.compile(
    r"(Downloader|Fetcher|Cache|Logger|Handler|Server|Client|Session|Process|Thread|Popen|Runner|Launcher|Installer|Reader|Writer|Importer|Exporter|"
    r"Loader|Saver|Uploader|Command|Subprocess|Pipeline_?Cli|Unpickler|Pickler|Compiler|Finder|ArgumentParser|Context|Manager|Mixin_Cli|TestCase|Tests?)$")
KEEP_NAMES = set("""DataLoader BlockManager SingleBlockManager ArrayManager SingleArrayManager SingleDataManager DataManager BaseBlockManager
ColumnTransformer""".split())
# What unpickling itself can reach: instantiation, state, items, keys, the end of life.
REACHED = ("__new__", "__init_subclass__", "__setstate__", "__setattr__", "__getattr__", "__getattribute__", "__setitem__", "append", "extend", "add",
           "__hash__", "__eq__", "__del__", "__len__", "__setstate_cython__", "__delattr__", "__class_getitem__")
DANGER_NAMES = set("""open exec eval compile __import__ execfile input breakpoint import_module system popen Popen run call check_call check_output getoutput spawn
urlopen urlretrieve request hf_hub_download cached_path cached_file snapshot_download load_from_hub from_pretrained load_library LoadLibrary CDLL
cdll dlopen rmtree unlink remove_tree mkdir makedirs mkstemp mkdtemp NamedTemporaryFile load loads load_state_dict_from_url
unpickle read_pickle download extractall start_new_thread kill fork setuid load_module exec_module spec_from_file_location get_class_from_dynamic_module
connect socket create_connection Thread Process memmap open_memmap read_text write_text read_bytes write_bytes import_string locate symlink chmod""".split())
DANGER_ROOTS = set("""os subprocess shutil socket requests urllib urllib3 httpx aiohttp importlib pickle dill cloudpickle joblib ctypes tempfile multiprocessing marshal
runpy webbrowser pkgutil zipfile tarfile""".split())
FINE = {("os", "path"), ("os", "environ"), ("os", "getpid"), ("os", "cpu_count"), ("os", "fspath"), ("pickle", "dumps"), ("pickle", "HIGHEST_PROTOCOL")}
# Reviewed by hand: what the scan of names objects to is harmless there.
REVIEWED = set(l.split("#")[0].strip() for l in """
flair.embeddings.document.DocumentRNNEmbeddings # eval() of a module
flair.embeddings.token.WordEmbeddings # from_pretrained() of a tensor
flair.models.language_model.LanguageModel # eval() of a module
pandas.core.indexes.multi.MultiIndex # rename() of itself
sklearn.utils._metadata_requests.MetadataRequest # update() of a set
timm.optim.kron.Kron # compiles functions of its own
""".splitlines())
# Of the big packages, only modules whose classes are part of models, optimizers, tensors and what is saved beside them.
FAMILIES = """albert auto bart beit bert bert_generation bertweet big_bird bigbird_pegasus biogpt blenderbot blenderbot_small blip blip_2 bloom byt5 camembert
canine clip codegen convbert convnext cpm ctrl data2vec deberta deberta_v2 deit detr distilbert dpr dpt electra encoder_decoder ernie esm falcon flaubert
fnet fsmt funnel gemma gemma2 git gpt2 gpt_bigcode gpt_neo gpt_neox gptj groupvit herbert hubert ibert layoutlm layoutlmv2 layoutlmv3 led levit lilt llama
longformer longt5 luke lxmert m2m_100 marian maskformer mbart mbart50 megatron_bert mistral mixtral mobilebert mobilevit mpnet mpt mt5 mvp nystromformer opt
owlvit pegasus perceiver phi phobert plbart prophetnet qwen2 rag reformer rembert resnet retribert roberta roformer sam segformer sew speech_encoder_decoder
speech_to_text speecht5 splinter squeezebert swin t5 table_transformer tapas timesformer transfo_xl trocr unispeech unispeech_sat vilt vision_encoder_decoder
vision_text_dual_encoder visual_bert vit vit_mae wav2vec2 wav2vec2_with_lm wavlm whisper xglm xlm xlm_prophetnet xlm_roberta xlm_roberta_xl xlnet xmod yolos yoso
align altclip autoformer bamba bark bit chinese_clip clap clipseg clvp code_llama cohere cohere2 conditional_detr convnextv2 cpmant cvt d_fine dac dbrx deepseek_v2
deepseek_v3 deformable_detr depth_anything dinov2 dinov2_with_registers dinov3_vit donut efficientnet encodec ernie4_5 ernie_m exaone4 falcon_mamba focalnet fuyu
gemma3 gemma3n glm glm4 gpt_oss granite granitemoe grounding_dino helium hiera idefics idefics2 idefics3 ijepa informer instructblip jamba jetmoe kosmos2 llama4
llava llava_next mamba mamba2 markuplm mask2former mega mimi mistral3 mobilenet_v1 mobilenet_v2 mobilevitv2 modernbert moonshine moshi musicgen nemotron nezha
nllb_moe nougat olmo olmo2 olmoe oneformer owlv2 paligemma patchtsmixer patchtst persimmon phi3 phimoe pix2struct pixtral poolformer pop2piano pvt pvt_v2 qdqbert
qwen2_5_vl qwen2_moe qwen2_vl qwen3 qwen3_moe realm recurrent_gemma regnet rt_detr rt_detr_v2 rwkv sam2 seamless_m4t sew_d siglip siglip2 smollm3 smolvlm stablelm
starcoder2 swin2sr swinv2 switch_transformers time_series_transformer udop umt5 univnet upernet van videomae vit_msn vitpose vits vivit wav2vec2_bert
wav2vec2_conformer x_clip zamba zamba2 zoedepth
""".split()
ONLY = {
    "torch": r"torch(\.(nn\.(modules|intrinsic|qat|quantized|quantizable|backends|attention|parallel)\b.*|nn\.(parameter|utils\.(rnn|parametrizations|"
             r"parametrize|weight_norm|spectral_norm|prune))|optim\b.*|quantization\b.*|ao\.(nn|quantization|pruning|sparsity)\b(?!.*pt2e).*|distributions\b.*|"
             r"(cuda\.)?amp\.grad_scaler|utils\.data\.(dataset|sampler|dataloader|distributed)|_tensor|tensor|storage|autograd\.variable|legacy\..*|return_types|"
             r"distributed\._shard\.(sharded_tensor|sharding_spec|metadata).*|distributed\._?tensor\b.*|distributed\.checkpoint\.metadata|distributed\.fsdp\.api))?$",
    "transformers": r"transformers\.(activations|pytorch_utils|modeling_(utils|outputs)|tokenization_utils\w*|configuration_utils|generation\.configuration_utils|"
                    r"training_args\w*|trainer_(utils|callback)|feature_extraction_\w*utils|image_processing_\w*|cache_utils|file_utils|utils\.generic|optimization|"
                    r"(configuration|modeling|tokenization)_(" + "|".join(FAMILIES) + r"|utils)(_fast)?|"
                    r"models\.(" + "|".join(FAMILIES) + r")\.(configuration|modeling|tokenization|feature_extraction|image_processing|processing)_\w+)$",
    "sklearn": r"sklearn(?!\.(externals|callback|datasets|_cyutility|utils\._openmp)\b).*|sklearn\.externals\.joblib\.numpy_pickle|sklearn\.datasets\.base$",
    "numpy": r"numpy(\.(ma\.core|core\.(records|defchararray)|_core\.(records|defchararray)|matrixlib\.defmatrix|polynomial\..*|random\..*|lib\.(polynomial|_polynomial_impl|"
             r"index_tricks|_index_tricks_impl|function_base|_function_base_impl)|dtypes|rec|char))$",
    "pandas": r"pandas(\.arrays|\.tseries\.offsets|\.api\.\w+)?$|pandas\.(_libs\.(arrays|internals|interval|missing|sparse|tslibs\..*)|core\.(arrays\..*|dtypes\.dtypes|frame|series|index|indexes\..*|internals\b.*|categorical|"
              r"panel|sparse\..*|groupby\b.*|window\..*|resample|indexing|base|generic)|tseries\..*|indexes\..*|tslib|_period|sparse\..*|types\..*|index)$",
    "scipy": r"scipy(?!\.(_lib|linalg|fft|misc|io|optimize\._(shgo|trlib|bglu)\w*)\b).*$",
    "diffusers": r"diffusers\.(configuration_utils|models\b.*|schedulers\b.*)$",
    "datasets": r"datasets\.(features\b.*|info|splits)$",
    "nltk": r"nltk\.(probability|tokenize\..*|classify\..*|tag\..*|stem\..*|chunk\..*|corpus\.reader\.wordnet|tree\b.*|grammar|lm\..*|translate\..*|data)$",
    "lightning_fabric": r"lightning_fabric\.utilities\..*$",
    "lightning": r"lightning\.(pytorch\.(callbacks|utilities|core|trainer\.states|loops|strategies|accelerators|plugins)|fabric\.utilities)\b.*$",
    "pytorch_lightning": r"pytorch_lightning\.(callbacks|utilities|core|trainer\.states|loops|strategies|accelerators|plugins)\b.*$",
    "PIL": r"PIL\.\w*Image(File|Plugin)?$",
    "pyarrow": r"pyarrow\.(lib|pandas_compat)$",
    "torchao": r"torchao\.(dtypes|quantization|float8|optim|prototype\.(low_bit_optim|mx_formats|quantization))\b.*$",
    "polars": r"polars\.(dataframe\.frame|series\.series|datatypes\.classes|internals\..*)$",
    "sktime": r"sktime\.(classification|regression|forecasting|transformations|clustering|base|pipeline|dists_kernels|distances|performance_metrics|split|series_as_features|utils\.estimators)\b.*$",
    "ultralytics": r"ultralytics\.(nn|models|yolo\.(v8|utils|engine\.(model|results))|utils|engine\.(model|results)|data\.(dataset|augment))\b.*$",
    "xarray": r"xarray\.core\..*$",
    "stanza": r"stanza\.models\..*$",
}
# Packages that wheels bring along and saved models do not hold, or that catalog/pickle-core.tsv covers by hand.
NOT = set("""caffe2 torchgen functorch keras dill cloudpickle antlr4 optree evaluate onnxruntime accelerate open_clip_train attrdict
spacy allennlp mlflow bitsandbytes""".split())
NOT_A_MODEL = re.compile(r"(TF|Flax)[A-Z]|\w*(OutputWith\w*|Kwargs|Converter|TypedDict)$")
CALLED_BASES = re.compile(r"(Enum|IntEnum|StrEnum|Flag|IntFlag|ExplicitEnum|Error|Exception|Warning|ChoiceEnum|BaseEnum|StrEnumMixin)$")
# The top packages, as others know them; a wheel's other folders are passed over.
IDENT = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")


def dotted(node):
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    return tuple(reversed(parts))


def danger_of(function, lookup, depth=4):
    """Why a body is not harmless, or None. `lookup` finds a method of the same object."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            path = dotted(node.func)
            if not path:
                continue
            if path[0] in ("self", "cls") and len(path) == 2 and path[1] not in REACHED:
                method = lookup(path[1]) if depth else None
                if method is not None:
                    why = danger_of(method, lookup, depth - 1)
                    if why:
                        return "%s: %s" % (path[1], why)
                    continue
            if path[0] in DANGER_ROOTS and path[:2] not in FINE:
                return ".".join(path)
            if path[-1] in DANGER_NAMES and path[0] not in ("super", "np", "numpy", "re") and (path[-1] != "eval" or len(path) == 1):
                return ".".join(path)
    return None


class Classes:
    """The classes of one wheel, so that inherited methods are found: by the last name of a base."""

    def __init__(self):
        self.by_name = {}
        self.all = []

    def add(self, module, name, node):
        methods = {item.name: item for item in node.body if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef))}
        bases = [dotted(base)[-1] for base in node.bases if dotted(base)]
        record = (module, name, methods, bases, [".".join(dotted(base)) for base in node.bases])
        for item in list(node.decorator_list) + node.body:
            said = None
            if isinstance(item, ast.Call) and dotted(item.func)[-1:] == ("set_module",) and item.args:
                said = item.args[0]
            elif isinstance(item, ast.Assign) and dotted(item.targets[0]) == ("__module__",):
                said = item.value
            if isinstance(said, ast.Constant) and isinstance(said.value, str):
                self.all.append((said.value,) + record[1:])  # the name that its pickles have
        self.by_name.setdefault(name.split(".")[-1], record)
        self.all.append(record)

    def lookup(self, record):
        def find(method):
            todo, seen = [record], set()
            while todo and len(seen) < 40:
                at = todo.pop(0)
                if id(at) in seen:
                    continue
                seen.add(id(at))
                if method in at[2]:
                    return at[2][method]
                todo += [self.by_name[base] for base in at[3] if base in self.by_name]
            return None
        return find

    def judged(self):
        for record in self.all:
            module, name, methods, _, bases = record
            find = self.lookup(record)
            why = None
            for method in () if module.startswith("PIL.") else REACHED:  # load() decodes nothing: the state holds raw pixels
                body = find(method)
                why = danger_of(body, find) if body is not None else None
                if why:
                    why = "%s: %s" % (method, why)
                    break
            called = "__reduce__" in methods or "__reduce_ex__" in methods or any(CALLED_BASES.search(b) for b in bases)
            if called and not why and "__init__" in methods and danger_of(methods["__init__"], find):
                called = False
            if any(re.search("(Error|Exception|Warning)$", b) for b in bases):
                continue
            yield module, name, "call" if called else "class", why


def classes_of(tree):
    """Classes at the top of a module, also below `if`, `try` and `with`, and classes within classes."""
    todo = [("", node) for node in tree.body]
    while todo:
        prefix, node = todo.pop()
        if isinstance(node, ast.ClassDef):
            yield prefix + node.name, node
            todo += [(prefix + node.name + ".", inner) for inner in node.body if isinstance(inner, ast.ClassDef)]
        elif isinstance(node, (ast.If, ast.Try, ast.With)) and not prefix:
            for field in ("body", "orelse", "finalbody"):
                todo += [("", inner) for inner in getattr(node, field, [])]
            for handler in getattr(node, "handlers", []):
                todo += [("", inner) for inner in handler.body]


def made_by_call(tree):
    """Names at the top of a module that namedtuple() or a functional Enum() makes."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            if dotted(node.value.func)[-1:] in (("namedtuple",), ("NamedTuple",), ("Enum",), ("IntEnum",)):
                yield node.targets[0].id


def read_source(text, module, classes, found):
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    found += [(module, name, "call", None) for name in made_by_call(tree) if wanted(module)]
    for name, node in classes_of(tree):
        if not NOT_A_MODEL.match(name):
            classes.add(module, name, node)


def names_of_binary(data, module):
    """Type names and unpickling helpers that Cython leaves in a compiled module."""
    quoted = re.escape(module.encode())
    found = set()
    for match in re.finditer(rb"(?<![A-Za-z0-9_.])" + quoted + rb"\.([A-Za-z_][A-Za-z0-9_]{1,60})\0", data):
        name = match.group(1).decode()
        if name not in ("Enum", "memoryview", "_memoryviewslice", "array") and (name[:1].isupper() or name[:2] == "cK" or re.match(r"_[A-Z]", name)):
            if "__pyx" not in name and "scope_struct" not in name:
                found.add((name, "call"))
    for match in re.finditer(rb"(?<![A-Za-z0-9_.])(__pyx_unpickle_([A-Za-z0-9]*[A-Za-z][A-Za-z0-9_]{0,60}))\0", data):
        if match.group(2) != b"Enum":
            found.add((match.group(1).decode(), "unpickle"))
    return found


def module_of(path):
    stem = re.sub(r"\.py$|(\.cpython-[^.]*|\.abi3)?\.so$|\.cpython-.*$", "", path)
    parts = stem.split("/")
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts)


def wanted(module):
    parts = module.split(".")
    if parts[0] in NOT or module in SKIP_MODULES:
        return False
    if parts[0] in ONLY and not re.match(ONLY[parts[0]], module):
        return False
    if not all(IDENT.match(p) for p in parts):
        return False
    if module in KEEP_MODULES:
        return True
    if any(module.startswith(skip + ".") for skip in SKIP_MODULES):
        return False
    if "datasets" in parts[1:] and parts[0] not in ("sklearn", "torch"):
        return False
    return not any(p in SKIP_PARTS or p.startswith("test_") or p.endswith(("_test", "_tests")) for p in parts)


def table(path):
    module = ""
    with open(path) as lines:
        for line in lines:
            if not line.startswith("#") and line.count("\t") >= 2:
                module = line.split("\t")[0] or module
                yield module, line.split("\t")[1]


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--review", help="write the classes that were left out, and why, to this file")
    args.add_argument("--without", help="leave out the names of this table: catalog/pickle-core.tsv")
    args.add_argument("--top", default="", help="only these top packages, separated by commas")
    args.add_argument("wheels", nargs="+")
    args = args.parse_args()
    top = set(filter(None, args.top.split(",")))
    rows, out = {}, {}
    for wheel in args.wheels:
        classes, found = Classes(), []
        with zipfile.ZipFile(wheel) as archive:
            for info in archive.infolist():
                path = info.filename
                if ".dist-info/" in path or ".data/" in path or path.count("/") < 1 or not path.endswith((".py", ".so")):
                    continue
                module = module_of(path)
                if path.endswith(".py") and module.split(".")[0] not in NOT:
                    read_source(archive.read(info).decode("utf-8", "replace"), module, classes, found)
                elif wanted(module) and info.file_size <= 64 << 20:
                    found += [(module, n, u, None) for n, u in names_of_binary(archive.read(info), module)]
        found += [row for row in classes.judged() if wanted(row[0])]
        for module, name, use, why in found:
            if top and module.split(".")[0] not in top:
                continue
            last = name.split(".")[-1]
            if SKIP_NAMES.search(last) and last not in KEEP_NAMES:
                continue
            full = module + "." + name
            if why and module.startswith("scipy.stats.") and re.search("_(attach|construct)_argparser(_methods)?: exec$", why):
                use = "rv"  # runs a text of its state, which the scanner then reads
            elif why and full not in REVIEWED:
                out[full] = why
                continue
            if rows.get((module, name), ("",))[0] != "call":
                rows[module, name] = (use, module.split(".")[0])
    for key in table(args.without) if args.without else ():
        rows.pop(key, None)
    print("# Classes of model libraries, enumerated by tools/pickle_allow.py from many of their releases: module<TAB>name<TAB>use<TAB>package.")
    print("# An empty module is that of the row above. Exact names only; catalog/pickle-core.tsv says what the uses mean.")
    before = None
    for module, name in sorted(rows):
        use, package = rows[module, name]
        if module + "." + name in out:
            continue
        print("%s\t%s\t%s\t%s" % ("" if module == before else module, name, use, "" if module == before else package))
        before = module
    if args.review:
        with open(args.review, "w") as review:
            for full in sorted(out):
                review.write("%s\t%s\n" % (full, out[full]))


if __name__ == "__main__":
    sys.exit(main())
