/* What the dotted name of a configuration's target or tag stands for. */
#include "scan/config_names.h"

static const char *const fatal_modules[] = {"os",          "posix",      "nt",
                                            "subprocess",  "pty",        "sys",
                                            "importlib",   "runpy",      "shutil",
                                            "socket",      "ctypes",     "code",
                                            "codeop",      "pickle",     "_pickle",
                                            "cPickle",     "marshal",    "dill",
                                            "cloudpickle", "imp",        "pip",
                                            "setuptools",  "distutils",  "commands",
                                            "popen2",      "webbrowser", "pdb",
                                            "bdb",         "timeit",     "cProfile",
                                            "profile",     "trace",      "doctest",
                                            "pydoc",       "pkgutil",    "zipimport",
                                            "ensurepip",   "venv",       "antigravity",
                                            "smtplib",     "ftplib",     "telnetlib",
                                            "paramiko",    "fabric",     "pexpect",
                                            "sh",          "plumbum",    "invoke",
                                            "IPython",     "builtins",   "__builtin__",
                                            "operator",    "types",      "inspect",
                                            "gc",          "signal",     "multiprocessing",
                                            "asyncio",     "threading",  "_posixsubprocess",
                                            "platform",    "cffi",       NULL};
/* Of these modules, what configurations use and does nothing. */
static const char *const fine[] = {
    "builtins.dict",       "builtins.list",         "builtins.tuple",
    "builtins.set",        "builtins.int",          "builtins.float",
    "builtins.str",        "builtins.bool",         "builtins.range",
    "builtins.len",        "builtins.sum",          "builtins.min",
    "builtins.max",        "builtins.abs",          "builtins.round",
    "builtins.sorted",     "builtins.zip",          "builtins.enumerate",
    "builtins.slice",      "builtins.frozenset",    "builtins.object",
    "builtins.complex",    "os.path.join",          "os.path.expanduser",
    "os.path.basename",    "os.path.dirname",       "os.getcwd",
    "os.getenv",           "os.cpu_count",          "platform.node",
    "operator.add",        "operator.mul",          "operator.sub",
    "operator.itemgetter", "types.SimpleNamespace", NULL};
/* Functions of known libraries that load or run what they are given. */
static const char *const loads[] = {"load",
                                    "load_library",
                                    "read_pickle",
                                    "eval",
                                    "exec",
                                    "system",
                                    "popen",
                                    "Popen",
                                    "run_path",
                                    "run_module",
                                    "load_module",
                                    "import_module",
                                    "check_output",
                                    "check_call",
                                    "spawn",
                                    "loads",
                                    "load_inline",
                                    "get_method",
                                    "get_class",
                                    "get_object",
                                    "import_string",
                                    "load_module_from_file",
                                    "locate",
                                    "_locate",
                                    NULL};
static const char *const known[] = {"nemo",
                                    "torch",
                                    "torchvision",
                                    "torchaudio",
                                    "torchmetrics",
                                    "lightning",
                                    "pytorch_lightning",
                                    "lightning_fabric",
                                    "lightning_utilities",
                                    "transformers",
                                    "diffusers",
                                    "timm",
                                    "sklearn",
                                    "numpy",
                                    "scipy",
                                    "pandas",
                                    "hydra",
                                    "omegaconf",
                                    "tensorflow",
                                    "keras",
                                    "monai",
                                    "fairseq",
                                    "fairseq2",
                                    "detectron2",
                                    "mmcv",
                                    "mmdet",
                                    "mmengine",
                                    "mmseg",
                                    "ultralytics",
                                    "accelerate",
                                    "peft",
                                    "trl",
                                    "datasets",
                                    "tokenizers",
                                    "sentence_transformers",
                                    "megatron",
                                    "apex",
                                    "deepspeed",
                                    "jax",
                                    "flax",
                                    "optax",
                                    "gym",
                                    "gymnasium",
                                    "stable_baselines3",
                                    "ray",
                                    "xgboost",
                                    "lightgbm",
                                    "catboost",
                                    "optuna",
                                    "albumentations",
                                    "kornia",
                                    "torch_geometric",
                                    "dgl",
                                    "einops",
                                    "modulus",
                                    "bionemo",
                                    "nemo_text_processing",
                                    "speechbrain",
                                    "espnet",
                                    "espnet2",
                                    "hydra_plugins",
                                    "wandb",
                                    "mlflow",
                                    "logging",
                                    "collections",
                                    "functools",
                                    "math",
                                    "random",
                                    "datetime",
                                    "pathlib",
                                    "torchtune",
                                    "torchdata",
                                    "torchrl",
                                    "tensordict",
                                    "open_clip",
                                    "clip",
                                    "whisper",
                                    "vllm",
                                    "bitsandbytes",
                                    "onnxruntime",
                                    "rich",
                                    "decimal",
                                    "fractions",
                                    "itertools",
                                    "statistics",
                                    "skimage",
                                    "librosa",
                                    "soundfile",
                                    "cv2",
                                    "PIL",
                                    "imgaug",
                                    "statsmodels",
                                    "sktime",
                                    "darts",
                                    "gluonts",
                                    "pytorch_forecasting",
                                    "segmentation_models_pytorch",
                                    "warp",
                                    "physicsnemo",
                                    "nemo_run",
                                    "nemo_automodel",
                                    "lhotse",
                                    "pyannote",
                                    "asteroid",
                                    "sgm",
                                    "ldm",
                                    "audiocraft",
                                    "sam2",
                                    "segment_anything",
                                    "aim",
                                    "comet_ml",
                                    "neptune",
                                    "clearml",
                                    "tensorboard",
                                    NULL};

struct redan_slice redan_config_first(struct redan_slice dotted)
{
    struct redan_slice head = {0};
    struct redan_slice tail = {0};

    (void)redan_slice_cut(dotted, '.', &head, &tail);
    return head;
}

struct redan_slice redan_config_last(struct redan_slice dotted)
{
    size_t from = dotted.len;

    while (from > 0 && dotted.at[from - 1] != '.')
        from--;
    return redan_slice_sub(dotted, from, SIZE_MAX);
}

bool redan_config_fine(struct redan_slice dotted)
{
    return redan_slice_among(fine, dotted);
}

bool redan_config_fatal(struct redan_slice dotted)
{
    return redan_slice_among(fatal_modules, redan_config_first(dotted)) &&
           !redan_config_fine(dotted);
}

bool redan_config_known(struct redan_slice dotted)
{
    return redan_slice_among(known, redan_config_first(dotted)) &&
           !redan_slice_among(loads, redan_config_last(dotted));
}
