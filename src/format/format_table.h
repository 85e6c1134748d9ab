/* The formats, for their table. */
#ifndef REDAN_FORMAT_FORMAT_TABLE_H
#define REDAN_FORMAT_FORMAT_TABLE_H

#include "format/format.h"

extern const struct redan_format redan_format_zip;
extern const struct redan_format redan_format_tar;
extern const struct redan_format redan_format_archive;
extern const struct redan_format redan_format_gzip;
extern const struct redan_format redan_format_zlib;
extern const struct redan_format redan_format_zfile;
extern const struct redan_format redan_format_bzip2;
extern const struct redan_format redan_format_xz;
extern const struct redan_format redan_format_lzma;
extern const struct redan_format redan_format_lz4;
extern const struct redan_format redan_format_lz4_legacy;
extern const struct redan_format redan_format_zstd;
extern const struct redan_format redan_format_hdf5;
extern const struct redan_format redan_format_gguf;
extern const struct redan_format redan_format_ggml;
extern const struct redan_format redan_format_safetensors;
extern const struct redan_format redan_format_pickle;
extern const struct redan_format redan_format_elf;
extern const struct redan_format redan_format_pe;
extern const struct redan_format redan_format_macho;
extern const struct redan_format redan_format_wasm;
extern const struct redan_format redan_format_dex;
extern const struct redan_format redan_format_java;
extern const struct redan_format redan_format_llamafile;
extern const struct redan_format redan_format_script;
extern const struct redan_format redan_format_rdata;
extern const struct redan_format redan_format_msgpack;
extern const struct redan_format redan_format_ubjson;
extern const struct redan_format redan_format_xgboost;
extern const struct redan_format redan_format_lightgbm;
extern const struct redan_format redan_format_catboost;
extern const struct redan_format redan_format_torch7;
extern const struct redan_format redan_format_rknn;
extern const struct redan_format redan_format_tensorrt;
extern const struct redan_format redan_format_cntk;
extern const struct redan_format redan_format_png;
extern const struct redan_format redan_format_jpeg;
extern const struct redan_format redan_format_gif;
extern const struct redan_format redan_format_riff;
extern const struct redan_format redan_format_sound;
extern const struct redan_format redan_format_film;
extern const struct redan_format redan_format_font;
extern const struct redan_format redan_format_pdf;
extern const struct redan_format redan_format_pyc;
extern const struct redan_format redan_format_sqlite;
extern const struct redan_format redan_format_arrow;
extern const struct redan_format redan_format_parquet;
extern const struct redan_format redan_format_finder;
extern const struct redan_format redan_format_lmdb;
extern const struct redan_format redan_format_tfrecord;
extern const struct redan_format redan_format_tf_index;
extern const struct redan_format redan_format_tf_shard;
extern const struct redan_format redan_format_sentencepiece;
extern const struct redan_format redan_format_onnx;
extern const struct redan_format redan_format_ort;
extern const struct redan_format redan_format_tflite;
extern const struct redan_format redan_format_executorch;
extern const struct redan_format redan_format_torch_mobile;
extern const struct redan_format redan_format_xml;
extern const struct redan_format redan_format_saved_model;
extern const struct redan_format redan_format_meta_graph;
extern const struct redan_format redan_format_tf_graph;
extern const struct redan_format redan_format_keras_metadata;
extern const struct redan_format redan_format_tf_text;
extern const struct redan_format redan_format_tf_fingerprint;
extern const struct redan_format redan_format_coreml;
extern const struct redan_format redan_format_paddle;
extern const struct redan_format redan_format_paddle_params;
extern const struct redan_format redan_format_mxnet;
extern const struct redan_format redan_format_caffe;

extern const struct redan_format redan_format_json;
extern const struct redan_format redan_format_yaml;
extern const struct redan_format redan_format_python;
extern const struct redan_format redan_format_text; /* last: takes any text */
extern const struct redan_format redan_format_npy;

#endif
