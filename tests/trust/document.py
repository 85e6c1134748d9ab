"""A YAML document as a tree of nodes that keeps the spelling of every scalar, so that one thing can be edited and nothing else."""
import copy

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class Document:
    def __init__(self, text):
        self.root = yaml.compose(text, Loader=LOADER)

    def text(self):
        return yaml.serialize(self.root, Dumper=DUMPER, width=1 << 20, allow_unicode=True)

    def block(self):
        """The same in block style, one thing a line."""
        return Document(self.text()).spread().text()

    def spread(self):
        todo = [self.root]
        while todo:
            node = todo.pop()
            if isinstance(node, yaml.MappingNode):
                todo += [value for _, value in node.value]
            elif isinstance(node, yaml.SequenceNode):
                todo += node.value
            else:
                continue
            node.flow_style = not node.value
        return self

    @staticmethod
    def snippet(text):
        return yaml.compose(text, Loader=LOADER)

    @staticmethod
    def step(node, name):
        """Index of a child: a key of a map; in a list, a position or the item with that id."""
        if isinstance(node, yaml.MappingNode):
            for i, (key, _) in enumerate(node.value):
                if key.value == name:
                    return i
        elif isinstance(node, yaml.SequenceNode):
            for i, item in enumerate(node.value):
                if i == name or Document.scalar(item) == name or Document.id_of(item) == name:
                    return i
        raise KeyError(name)

    @staticmethod
    def scalar(node):
        return node.value if isinstance(node, yaml.ScalarNode) else None

    @staticmethod
    def id_of(item):
        if isinstance(item, yaml.MappingNode):
            for key, value in item.value:
                if key.value in ("id", "archetype", "control"):
                    return value.value
        return None

    @staticmethod
    def child(node, i):
        return node.value[i][1] if isinstance(node, yaml.MappingNode) else node.value[i]

    def node(self, *path):
        at = self.root
        for name in path:
            at = self.child(at, self.step(at, name))
        return at

    def has(self, *path):
        try:
            self.node(*path)
        except KeyError:
            return False
        return True

    def get(self, *path):
        return self.node(*path).value

    def data(self, *path):
        """The value as Python sees it."""
        return yaml.SafeLoader("").construct_document(copy.deepcopy(self.node(*path)))

    def keys(self, *path):
        node = self.node(*path)
        if isinstance(node, yaml.MappingNode):
            return [key.value for key, _ in node.value]
        return [self.id_of(item) or item.value for item in node.value]

    def set(self, *path_and_text):
        """The last argument is YAML; the key is added when it is not there."""
        *path, name, text = path_and_text
        parent = self.node(*path)
        made = self.snippet(text)
        if isinstance(parent, yaml.MappingNode):
            for i, (key, _) in enumerate(parent.value):
                if key.value == name:
                    parent.value[i] = (key, made)
                    return
            parent.value.append((self.snippet(name), made))
        else:
            parent.value[self.step(parent, name)] = made

    def append(self, *path_and_text):
        *path, text = path_and_text
        self.node(*path).value.append(self.snippet(text))

    def rename(self, *path_and_name):
        *path, name, new = path_and_name
        parent = self.node(*path)
        i = self.step(parent, name)
        parent.value[i] = (self.snippet(new), parent.value[i][1])

    def remove(self, *path):
        parent = self.node(*path[:-1])
        del parent.value[self.step(parent, path[-1])]
